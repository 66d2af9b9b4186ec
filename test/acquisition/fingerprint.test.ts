import { describe, expect, it } from 'vitest';
import { checkFingerprint, type KnownCell } from '../../acquisition/die-fingerprint.ts';
import { lookalikesOf } from '../../acquisition/lookalikes.ts';
import { PairRoute } from '../../acquisition/pair-route.ts';
import type { StoredCell } from '../../db/records.ts';
import { MemoryBench } from './memory-bench.ts';
import { memoryPlan, memorySettings } from './memory-session.ts';

const GEOMETRY = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;
const CELLS = GEOMETRY.rows * GEOMETRY.columns;
const DIES = [-1, 0, 1].map((x, ordinal) => ({ ordinal, x, y: 0 }));

/** Resistances spread by 30 % by a hash: two dies share no pattern. */
function ohmsOf(wafer: number, x: number, cell: number): number {
  const hash = Math.sin(1 + cell * 12.9898 + x * 78.233 + wafer * 37.719) * 43758.5453;
  return 15e3 * (1 + 0.3 * (hash - Math.floor(hash)));
}

const known = (x: number): KnownCell[] =>
  Array.from({ length: 16 }, (_, i) => ({ cell: 2 * i, rP: ohmsOf(1, x, 2 * i), rAp: 3 * ohmsOf(1, x, 2 * i) }));

const cellsOf = (ordinal: number) =>
  Array.from({ length: CELLS }, (_, cell) => {
    const rP = ohmsOf(1, DIES[ordinal].x, cell);
    return { cell, rP, rAp: 3 * rP } as StoredCell;
  });

/** Recognises die (−1, 0) where `under` says what lies under the needles. */
async function recognise(under: (cell: number) => number) {
  const bench = new MemoryBench({
    cell: (row, column) => ({ kind: 'resistor', ohms: under(row * GEOMETRY.columns + column) }),
  });
  bench.height = 'contact';
  const { plan } = memoryPlan({ bench: memorySettings({ wafer: { id: 'MEM-1', dies: DIES } }) });
  const lookalikes = lookalikesOf(DIES[0], known(-1), DIES, GEOMETRY, cellsOf);
  const route = new PairRoute(bench, () => {});
  return await checkFingerprint(bench, plan, DIES[0], known(-1), lookalikes, route, new AbortController().signal);
}

describe('the fingerprint of a die', () => {
  it('lets the die itself pass', async () => {
    expect(await recognise((cell) => ohmsOf(1, -1, cell))).toEqual({ matches: 16, of: 16 });
  });

  it('names a shift by one die', async () => {
    await expect(recognise((cell) => ohmsOf(1, 0, cell))).rejects.toThrow(/die \(0, 0\).*shifted by one die/);
  });

  it('names a rotated wafer: the opposite die, reversed', async () => {
    await expect(recognise((cell) => ohmsOf(1, 1, CELLS - 1 - cell))).rejects.toThrow(/die \(1, 0\).*rotated by 180°/);
  });

  it('names another wafer', async () => {
    const refused = recognise((cell) => ohmsOf(2, -1, cell));
    await expect(refused).rejects.toMatchObject({ code: 'TB_WAFER_MISMATCH' });
    await expect(refused).rejects.toThrow(/another wafer/);
  });
});
