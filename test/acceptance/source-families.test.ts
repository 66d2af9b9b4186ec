import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plan, thawPlan } from '../../acquisition/plan.ts';
import type { CellRecord, StoredCell } from '../../db/records.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import type { SimulatedBenchOptions } from '../../drivers/simulated/simulated-bench.ts';
import { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import { DEFAULT_POPULATION } from '../../drivers/simulated/world/station-options.ts';
import type { Access } from '../../wafer/sweep.ts';
import { WiredBench } from '../acquisition/wired-bench.ts';
import { canCompile, compileLibvisa } from '../drivers/visa/compiled-libvisa.ts';
import { trueCell } from './true-cells.ts';

const SINGLE = new Set<Access>(['single']);
const PAIR = new Set<Access>(['pair', 'aloneA', 'aloneB']);

/** 60 cells with more defects than a wafer has, every kind among them. */
const DIE = {
  seed: 2,
  geometry: { rows: 6, columns: 10, columnsPerEnableLine: 2 },
  dies: [{ ordinal: 0, x: 0, y: 0 }],
  startState: 'P',
  population: {
    rates: {
      ...DEFAULT_POPULATION.rates,
      ...{ shorted: 0.04, subpar: 0.04, weakLowTmr: 0.04, open: 0.04, stuckP: 0.03, stuckAp: 0.03 },
      ...{ weakTelegraph: 0, weakBackHopping: 0, deadRowsPerDie: 0, deadColumnsPerDie: 0, clustersPerDie: 0 },
    },
    spread: { ...DEFAULT_POPULATION.spread, logSigma: 0, outlierDies: 0 },
  },
} satisfies Partial<SimulatedBenchOptions>;

interface Rig {
  readonly name: string;
  readonly bench: Partial<SimulatedBenchOptions>;
  readonly schemes: ReadonlySet<Access>;
  readonly visa?: true;
}

const RIGS: readonly Rig[] = [
  { name: 'Keithley 2600 pair, multiplexer, TCP', bench: { smu: 'keithley-2600' }, schemes: PAIR },
  {
    name: 'Keithley 2600 pair, 707B, serial',
    bench: { smu: 'keithley-2600', router: 'keithley-707b', smuWire: 'serial' },
    schemes: PAIR,
  },
  {
    name: 'Keithley 2600 pair, 3706A, VISA',
    bench: { smu: 'keithley-2600', router: 'keithley-3706a' },
    schemes: PAIR,
    visa: true,
  },
  { name: 'Keithley 2400, 707B, TCP', bench: { smu: 'keithley-2400' }, schemes: SINGLE },
  { name: 'Keithley 2400, 707B, serial', bench: { smu: 'keithley-2400', smuWire: 'serial' }, schemes: SINGLE },
  { name: 'Keithley 2450, 3706A, TCP', bench: { smu: 'keithley-2450', router: 'keithley-3706a' }, schemes: SINGLE },
  {
    name: 'two Keysight B2900, 707B, TCP',
    bench: { smu: 'keysight-b2900-pair', router: 'keithley-707b' },
    schemes: PAIR,
  },
  { name: 'Keysight B2900, 707B, VISA', bench: { smu: 'keysight-b2900' }, schemes: SINGLE, visa: true },
];

interface Measured {
  readonly cells: readonly StoredCell[];
  readonly accesses: ReadonlySet<Access>;
  readonly plan: Plan;
}

let folder: string;
let library: ReturnType<typeof compileLibvisa> | null = null;
const results = new Map<string, Measured>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-families-'));
  if (canCompile) library = compileLibvisa();
});
afterAll(() => {
  library?.remove();
  rmSync(folder, { recursive: true });
});

/** The default recipe on the seeded die, through the real drivers; leaves a safe bench and an empty ledger. */
async function measure({ bench, schemes, visa }: Rig, file: string): Promise<Measured> {
  const wired = await WiredBench.open({ ...DIE, ...bench });
  try {
    if (visa) {
      const text = `${wired.benchFile.text}\nvisa: {library: ${library?.path}, allResources: true}\n`;
      wired.benchFile = parseBenchFile(text, 'visa.yaml');
    }
    const access = schemes === SINGLE ? 'single' : 'pair';
    const outcome = await wired.measure(file, { access, repeatSample: { cellsPerDie: 0, loops: 0, seed: 1 } });
    expect(outcome.error).toBeNull();
    expect(outcome.end).toBe('finished');
    expect(wired.isSafe).toBe(true);
    expect(wired.simulated.ledger.violations).toEqual([]);
  } finally {
    await wired.close();
  }
  expect(verifyWafer(file).problems).toBe(0);
  const reader = WaferReader.open(file);
  const { plan } = thawPlan(reader.plans()[0]);
  const accesses = new Set([...reader.sweeps(0)].map(({ access }) => access));
  const cells = reader.cells(0);
  reader.close();
  return { cells, accesses, plan };
}

describe('one recipe on one seeded die', { timeout: 120_000 }, () => {
  it.each(RIGS)('$name: is measured as it truly is, under the scheme that the result names', async (rig) => {
    if (rig.visa && library === null) return;
    const measured = await measure(rig, join(folder, `${RIGS.indexOf(rig)}.sqlite`));
    results.set(rig.name, measured);
    expect(measured.plan.recipe.access).toBe(rig.schemes === SINGLE ? 'single' : 'pair');
    for (const access of measured.accesses) expect(rig.schemes).toContain(access);
    compareWithTruth(measured);
  });

  it('has the same classes and resistances through all of them', () => {
    expect(results.size).toBeGreaterThanOrEqual(RIGS.filter(({ visa }) => !visa).length);
    const [first, ...others] = results.values();
    const classes = new Set(first.cells.map((cell) => cell.class));
    for (const name of ['healthy', 'shorted', 'subpar', 'weak', 'open', 'stuck'] as const)
      expect(classes).toContain(name);
    for (const { cells } of others) {
      expect(cells.map((cell) => cell.class)).toEqual(first.cells.map((cell) => cell.class));
      cells.forEach((cell, i) => {
        expectAgreement(cell, first.cells[i], 'rP', 'rPUncertainty');
        expectAgreement(cell, first.cells[i], 'rAp', 'rApUncertainty');
      });
    }
  });
});

function expectAgreement(
  one: CellRecord,
  other: CellRecord,
  value: 'rP' | 'rAp',
  uncertainty: 'rPUncertainty' | 'rApUncertainty',
): void {
  const [a, b] = [one[value], other[value]];
  if (a === null || b === null) {
    expect([one.cell, a]).toEqual([other.cell, b]);
    return;
  }
  const combined = Math.hypot(one[uncertainty] ?? 0, other[uncertainty] ?? 0);
  expect([one.cell, Math.abs(a - b) <= 4 * combined]).toEqual([one.cell, true]);
}

/** Every class is the true one; R_P and R_AP of at least nineteen of twenty healthy cells lie within two uncertainties. */
function compareWithTruth({ cells, plan }: Measured): void {
  const station = new SimulatedStation(DIE);
  let counted = 0;
  let covered = 0;
  for (const cell of cells) {
    const truth = trueCell(station, plan, 0, cell.cell);
    expect([cell.cell, cell.class]).toEqual([cell.cell, truth.class]);
    if (cell.class !== 'healthy') continue;
    for (const [found, sigma, wanted] of [
      [cell.rP, cell.rPUncertainty, truth.rP],
      [cell.rAp, cell.rApUncertainty, truth.rAp],
    ]) {
      counted += 1;
      if (Math.abs((found as number) - (wanted as number)) <= 2 * (sigma as number)) covered += 1;
    }
  }
  expect(counted).toBeGreaterThan(60);
  expect(covered / counted).toBeGreaterThanOrEqual(0.95);
}
