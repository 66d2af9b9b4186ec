import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thawPlan } from '../../acquisition/plan.ts';
import type { StoredCell } from '../../db/records.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import { BenchProcess, FIELD_OPTIONS, tunnelbench } from './bench-process.ts';
import { trueCell } from './true-cells.ts';

const DIE = 0;
const CELLS = 20_000;

test.each([
  { seed: 11, start: 'P' },
  { seed: 12, start: 'AP' },
  { seed: 13, start: 'random' },
] as const)(
  'a whole die found in $start (seed $seed) is measured as it truly is',
  { timeout: 600_000 },
  async ({ seed, start }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-die-'));
    const bench = await BenchProcess.start('--seed', `${seed}`, '--start', start);
    try {
      const file = join(folder, 'wafer.sqlite');
      const benchFile = join(folder, 'bench.yaml');
      writeFileSync(benchFile, bench.benchYaml);
      const run = await tunnelbench('measure', benchFile, '--out', file, '--dies', `${DIE}`, ...FIELD_OPTIONS);
      expect(run.output).toContain('20,000 of 20,000 cells');
      expect(verifyWafer(file).problems).toBe(0);
      const { violations } = await bench.control<{ violations: object[] }>({ command: 'ledger' });
      expect(violations).toEqual([]);
      compare(file, new SimulatedStation({ seed, startState: start }), seed);
    } finally {
      await bench.close();
      rmSync(folder, { recursive: true });
    }
  },
);

function compare(file: string, station: SimulatedStation, seed: number): void {
  const reader = WaferReader.open(file);
  const { plan } = thawPlan(reader.plans()[0]);
  const cells = reader.cells(DIE);
  reader.close();
  expect(cells).toHaveLength(CELLS);

  const labels = station.truth(DIE).cells.map(({ label }) => label);
  const seen = new Map<string, number>();
  const disagreeing: { cell: StoredCell; truth: string }[] = [];
  const sums = { rP: 0, trueP: 0, rAp: 0, trueAp: 0, covered: 0, counted: 0, varianceP: 0 };
  for (const cell of cells) {
    const truth = trueCell(station, plan, DIE, cell.cell);
    const pair = `${labels[cell.cell]} → ${cell.class}`;
    seen.set(pair, (seen.get(pair) ?? 0) + 1);
    if (truth.class !== cell.class) disagreeing.push({ cell, truth: truth.class });
    // Nothing that conducts like a short may pass as a good cell.
    if (truth.class === 'shorted') expect(cell.class).not.toBe('healthy');
    if (truth.class !== 'healthy' || cell.class !== 'healthy') continue;
    sums.counted += 1;
    sums.rP += cell.rP as number;
    sums.trueP += truth.rP as number;
    sums.rAp += cell.rAp as number;
    sums.trueAp += truth.rAp as number;
    const away = Math.abs((cell.rP as number) - (truth.rP as number));
    if (away <= 2 * (cell.rPUncertainty as number)) sums.covered += 1;
  }
  const agreement = 1 - disagreeing.length / CELLS;
  const coverage = sums.covered / sums.counted;
  console.log(`seed ${seed}: agreement with truth ${(100 * agreement).toFixed(3)} %, injected label → class:`);
  for (const [pair, count] of [...seen].sort()) console.log(`  ${pair}: ${count}`);
  console.log(
    `  mean R_P ${percentOff(sums.rP, sums.trueP)}, mean R_AP ${percentOff(sums.rAp, sums.trueAp)} off truth; ` +
      `truth within 2 standard uncertainties in ${(100 * coverage).toFixed(1)} % of the cells`,
  );

  expect(agreement).toBeGreaterThanOrEqual(0.999);
  // Every disagreement lies near a boundary, and the record says so itself by naming the class on the other side.
  for (const { cell, truth } of disagreeing) expect([cell.cell, cell.neighbourClass]).toEqual([cell.cell, truth]);
  expect(Math.abs(sums.rP / sums.trueP - 1)).toBeLessThanOrEqual(0.005);
  expect(Math.abs(sums.rAp / sums.trueAp - 1)).toBeLessThanOrEqual(0.005);
  expect(coverage).toBeGreaterThanOrEqual(0.95);
}

function percentOff(sum: number, truth: number): string {
  return `${(100 * (sum / truth - 1)).toFixed(3)} %`;
}
