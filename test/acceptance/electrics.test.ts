import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezePlan, makePlan } from '../../acquisition/plan.ts';
import type { StoredCell } from '../../db/records.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import type { SourceChannel } from '../../drivers/capabilities.ts';
import type { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import type { CellTruth } from '../../drivers/simulated/world/truth.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';
import { quickRecipe } from '../acquisition/memory-session.ts';
import { WiredBench } from '../acquisition/wired-bench.ts';
import { bias, routePair, setVolts, stationInContact } from '../drivers/simulated-world/bench-hand.ts';

const SEED = 5;
const VOLTS = 0.02;
/** Of the recipe's read block. */
const READ_VOLTS = 0.05;

interface PlacedPair {
  readonly line: number;
  readonly row: number;
  readonly A: CellTruth;
  readonly B: CellTruth;
}

let byHand: SimulatedStation;
let wired: WiredBench;
let folder: string;
let measured: ReadonlyMap<number, StoredCell>;
/** A found in P, B in AP, both healthy: the textbook case of 18 kΩ beside 40 kΩ. */
let healthy: PlacedPair;
/** A healthy, B a short. */
let besideShort: PlacedPair;
/** How far a naive reading of A is off there, relative. */
let besideShortByHand: number;

beforeAll(async () => {
  byHand = stationInContact({ seed: SEED });
  const pairs = pairsOf(byHand);
  healthy = find(pairs, ({ A, B }) => isHealthy(A) && isHealthy(B) && !A.antiparallel && B.antiparallel);
  besideShort = find(pairs, ({ A, B }) => isHealthy(A) && B.label === 'shorted');

  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-electrics-'));
  wired = await WiredBench.open({ seed: SEED, geometry: DEFAULT_GEOMETRY, dies: DEFAULT_DIES });
  measured = await measureThroughDrivers([healthy, besideShort]);
});
afterAll(async () => {
  await wired.close();
  rmSync(folder, { recursive: true });
});

function pairsOf(station: SimulatedStation): PlacedPair[] {
  const { cells } = station.truth(0);
  const { rows, columns } = DEFAULT_GEOMETRY;
  return Array.from({ length: (rows * columns) / 2 }, (_, i) => {
    const [line, row] = [i % (columns / 2), Math.floor(i / (columns / 2))];
    return { line, row, A: cells[row * columns + 2 * line], B: cells[row * columns + 2 * line + 1] };
  });
}

function isHealthy({ label, rP }: CellTruth): boolean {
  return label === 'healthy' && Number.isFinite(rP);
}

function find(pairs: readonly PlacedPair[], wanted: (pair: PlacedPair) => boolean): PlacedPair {
  const pair = pairs.find(wanted);
  if (pair === undefined) throw new Error('choose another seed');
  return pair;
}

/** The same cells of the same wafer, by plan, drivers and wires. */
async function measureThroughDrivers(pairs: readonly PlacedPair[]): Promise<Map<number, StoredCell>> {
  const bench = benchSettings(wired.benchFile);
  const { plan } = makePlan({ recipe: quickRecipe(), bench, dies: [0], cells: 4 });
  const indices = pairs.map(({ line, row }) => line * DEFAULT_GEOMETRY.rows + row).sort((a, b) => a - b);
  const order = { kind: 'enable-line-major', pairs: indices } as const;
  const file = join(folder, 'wafer.sqlite');
  const outcome = await wired.run(freezePlan({ ...plan, order, referencePairs: [], repeatPairs: [] }), file);
  expect(outcome.error).toBeNull();
  const reader = WaferReader.open(file);
  const cells = reader.cells(0);
  reader.close();
  return new Map(cells.map((cell) => [cell.cell, cell]));
}

/** What one channel makes of the cell, volts over amperes. */
function ohms(channel: SourceChannel): number {
  return VOLTS / Math.abs(byHand.sense(channel).amps);
}

const trueP = ({ cell }: CellTruth) => byHand.pathOhms(0, cell, 'P', VOLTS);
const trueAp = ({ cell }: CellTruth) => byHand.pathOhms(0, cell, 'AP', VOLTS);

describe('a wrong access to a cell gives a wrong number and no error', () => {
  it('neighbour column floating: a third too little', () => {
    const { line, row, A } = healthy;
    routePair(byHand, line, row);
    byHand.setCrosspoints([
      { kind: 'column', index: 2 * line, channel: 'columnA' },
      { kind: 'row', index: row, channel: 'row' },
    ]);
    bias(byHand, VOLTS);
    // 18 kΩ reads about 12.5 kΩ: the neighbour's 40 kΩ in parallel, by way of all the other rows.
    expect(ohms('columnA') / trueP(A)).toBeGreaterThan(0.67);
    expect(ohms('columnA') / trueP(A)).toBeLessThan(0.72);
    bias(byHand, 0);
  });

  it('sensed at the row: both cells in parallel', () => {
    const { line, row, A, B } = healthy;
    routePair(byHand, line, row);
    setVolts(byHand, 0, VOLTS);
    const parallel = 1 / (1 / trueP(A) + 1 / trueAp(B));
    expect(ohms('row') / parallel).toBeCloseTo(1, 2);
    expect(ohms('row') / trueP(A)).toBeLessThan(0.72);
    setVolts(byHand, 0, 0);
  });

  it('row not selected, or enable line off: no cell at all', () => {
    const { line, row } = healthy;
    routePair(byHand, line, row);
    byHand.setCrosspoints([
      { kind: 'column', index: 2 * line, channel: 'columnA' },
      { kind: 'column', index: 2 * line + 1, channel: 'columnB' },
    ]);
    bias(byHand, VOLTS);
    expect(ohms('columnA')).toBeGreaterThan(1e9);
    bias(byHand, 0);
    routePair(byHand, line, row);
    byHand.setEnableLine(null, 0);
    bias(byHand, VOLTS);
    expect(ohms('columnA')).toBeGreaterThan(1e9);
    bias(byHand, 0);
  });

  it('partner shorted and at its limit: the sneak path instead of the cell', () => {
    const { line, row, A } = besideShort;
    routePair(byHand, line, row);
    bias(byHand, 0.3, 1e-4);
    expect(byHand.sense('columnB').inCompliance).toBe(true);
    besideShortByHand = Math.abs(trueAp(A) / (0.3 / byHand.sense('columnA').amps) - 1);
    expect(besideShortByHand).toBeGreaterThan(1);
    bias(byHand, 0);
  });
});

describe('the routes of the drivers read the same cells right', () => {
  it('18 kΩ beside 40 kΩ', () => {
    for (const truth of [healthy.A, healthy.B]) {
      const { name, offP, offAp } = readingOf(truth);
      expect([name, offP < 5e-3, offAp < 5e-3]).toEqual(['healthy', true, true]);
    }
  });

  it('beside a short, as well as the contacts allow, and the record says how well that is', () => {
    const { name, offP, offAp, sigmasP, sigmasAp } = readingOf(besideShort.A);
    expect(name).toBe('healthy');
    expect(Math.max(offP, offAp)).toBeLessThan(besideShortByHand);
    // The current through the floating rows lifts the partner column by its contact resistance (analysis/bench-accuracy.ts).
    expect(Math.max(sigmasP, sigmasAp)).toBeLessThan(3);
    expect(measured.get(besideShort.B.cell)?.class).toBe('shorted');
  });

  it('without a violation', () => {
    expect(wired.simulated.ledger.violations).toEqual([]);
    expect(wired.isSafe).toBe(true);
  });
});

/** The stored class, and how far R_P and R_AP are off: relative, and in their own standard uncertainties. */
function readingOf(truth: CellTruth) {
  const { class: name, rP, rAp, rPUncertainty, rApUncertainty } = measured.get(truth.cell) as StoredCell;
  const awayP = Math.abs((rP as number) - byHand.pathOhms(0, truth.cell, 'P', READ_VOLTS));
  const awayAp = Math.abs((rAp as number) - byHand.pathOhms(0, truth.cell, 'AP', READ_VOLTS));
  return {
    name,
    offP: awayP / (rP as number),
    offAp: awayAp / (rAp as number),
    sigmasP: awayP / (rPUncertainty as number),
    sigmasAp: awayAp / (rApUncertainty as number),
  };
}
