import { describe, expect, it } from 'vitest';
import type { SweepRecord } from '../../db/records.ts';
import { PointFlag } from '../../wafer/point-flags.ts';
import { pointCount, segmentsOf } from '../../wafer/sweep.ts';
import { type Cell, MemoryBench } from './memory-bench.ts';
import { measure, memoryPlan, quickRecipe } from './memory-session.ts';
import { MemoryStore } from './memory-store.ts';

const healthy = (): Cell => ({ kind: 'healthy', rP: 18e3, rAp: 40e3, state: 'P' });
const resistor = (ohms: number): Cell => ({ kind: 'resistor', ohms });

/** Measures one die whose first pair (row 0, columns 0 and 1) is as given; returns that pair's runs and sweeps. */
async function measurePair(a: Cell, b: Cell) {
  const bench = new MemoryBench({
    cell: (row, column) => (row === 0 && column === 0 ? a : row === 0 && column === 1 ? b : healthy()),
  });
  const store = new MemoryStore();
  const recipe = quickRecipe({
    repeatSample: { cellsPerDie: 0, loops: 0, seed: 1 },
    reference: { ...quickRecipe().reference, cellsPerDie: 0 },
  });
  const frozen = memoryPlan({ dies: [0], recipe });
  const outcome = await measure(bench, store, { frozen });
  expect(outcome.end).toBe('finished');
  expect(bench.violations).toEqual([]);
  const starts = bench.calls
    .filter((call) => call.startsWith('smu.start'))
    .map((call) => call.slice('smu.start '.length));
  const runs = starts.slice(0, starts.length - 15);
  const of = (cell: number) => store.sweeps.filter((sweep) => sweep.cell === cell);
  return { runs, a: of(0), b: of(1), cells: store.cells, programme: recipe.programme };
}

const record = (sweeps: readonly SweepRecord[]) => sweeps.find(({ repeat }) => repeat === 0) as SweepRecord;

describe('the treatment of a pair', () => {
  it('is one pair loop when both cells are fine', async () => {
    const { runs, a, b } = await measurePair(healthy(), healthy());
    expect(runs).toEqual(['auto pair']);
    expect([a.length, b.length]).toEqual([1, 1]);
    expect(record(a)).toMatchObject({ kind: 'loop', access: 'pair', side: 'A', rangeAmps: 1e-4, limitAmps: 1e-4 });
  });

  it('gives a shorted cell the linearity check and measures its partner alone', async () => {
    const { runs, a, b } = await measurePair(resistor(600), healthy());
    expect(runs).toEqual(['auto pair', 'lowBias pair', 'auto aloneB']);
    expect(record(a)).toMatchObject({ kind: 'lowBias', access: 'pair', rangeAmps: 1e-3 });
    expect(record(b)).toMatchObject({ kind: 'loop', access: 'aloneB' });
    expect(record(b).readings.flags.some((flag) => flag & PointFlag.partnerLimited)).toBe(false);
  });

  it('does so when the short puts the pre-read in compliance', async () => {
    const { runs, a, b } = await measurePair(healthy(), resistor(120));
    expect(runs).toEqual(['auto pair', 'lowBias pair', 'auto aloneA']);
    expect(record(b)).toMatchObject({ kind: 'lowBias', side: 'B' });
    expect(record(a)).toMatchObject({ kind: 'loop', access: 'aloneA' });
  });

  it('checks two shorted cells together', async () => {
    const { runs, a, b } = await measurePair(resistor(200), resistor(300));
    expect(runs).toEqual(['auto pair', 'lowBias pair']);
    expect([record(a).kind, record(b).kind]).toEqual(['lowBias', 'lowBias']);
  });

  it('looks twice at open cells', async () => {
    const { runs, a, b, programme } = await measurePair(resistor(1e9), resistor(5e6));
    expect(runs).toEqual(['auto pair', 'preRead pair']);
    expect([record(a).kind, record(b).kind]).toEqual(['open', 'open']);
    expect(record(a).readings.volts).toHaveLength(pointCount(segmentsOf(programme, 'open')));
  });

  it('runs the pair loop when one cell is open: no current, no sneak path', async () => {
    const { runs, a, b } = await measurePair(resistor(1e9), healthy());
    expect(runs).toEqual(['auto pair']);
    expect([record(a).kind, record(b).kind]).toEqual(['loop', 'loop']);
  });

  it('treats a shorted cell beside an open one', async () => {
    const { runs, a, b } = await measurePair(resistor(150), resistor(1e9));
    expect(runs).toEqual(['auto pair', 'lowBias pair', 'auto aloneB', 'preRead aloneB']);
    expect([record(a).kind, record(b).kind]).toEqual(['lowBias', 'open']);
  });

  it('repeats a loop in compliance once at the higher limit and keeps both sweeps', async () => {
    // In AP above the bound of the lower range, in P below what 100 µA allow.
    const { runs, a } = await measurePair({ kind: 'healthy', rP: 5.5e3, rAp: 14e3, state: 'AP' }, healthy());
    expect(runs).toEqual(['auto pair', 'lowBias pair', 'loop pair']);
    expect(a.map(({ repeat, limitAmps }) => [repeat, limitAmps])).toEqual([
      [1, 1e-4],
      [0, 1e-3],
    ]);
  });

  it('measures the partner alone when a read block of the neighbour was limited', async () => {
    // 3 kΩ at 50 mV passes more than the 10 µA of the read block: its partner's points are not its own.
    const { runs, b } = await measurePair({ kind: 'healthy', rP: 3e3, rAp: 5e3, state: 'P' }, healthy());
    expect(runs).toEqual(['auto pair', 'auto aloneB']);
    expect(b.map(({ access, repeat }) => [access, repeat])).toEqual([
      ['pair', 1],
      ['aloneB', 0],
    ]);
  });

  it('describes a junction that broke by its final state and names the cause', async () => {
    const { runs, a, b, cells } = await measurePair({ ...healthy(), breaksAtSweep: 1 } as Cell, healthy());
    expect(runs).toEqual(['auto pair', 'lowBias pair', 'auto aloneB']);
    expect(a.map(({ repeat, kind }) => [repeat, kind])).toEqual([
      [1, 'loop'],
      [0, 'lowBias'],
    ]);
    expect(cells.get('0 0')).toMatchObject({ class: 'shorted', cause: 'failedInTest' });
    expect(cells.get('0 1')).toMatchObject({ class: 'healthy', cause: 'none' });
    expect(record(b).access).toBe('aloneB');
  });
});
