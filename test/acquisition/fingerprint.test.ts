import { describe, expect, it } from 'vitest';
import { checkFingerprint, type KnownCell } from '../../acquisition/die-fingerprint.ts';
import { lookalikesOf } from '../../acquisition/lookalikes.ts';
import { PairRoute } from '../../acquisition/pair-route.ts';
import { createClassifier } from '../../analysis/classify.ts';
import { consecutivePadMap } from '../../wafer/pad-map.ts';
import { MemoryBench } from './memory-bench.ts';
import { measure, memoryPlan, memorySettings } from './memory-session.ts';
import { MemoryStore } from './memory-store.ts';

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

const cellsOf = (ordinal: number) => (cell: number) => {
  const rP = ohmsOf(1, DIES[ordinal].x, cell);
  return { rP, rAp: 3 * rP };
};

/** Recognises die (−1, 0) where `under` says what lies under the needles. */
async function recognise(under: (cell: number) => number) {
  const bench = new MemoryBench({
    cell: (row, column) => ({ kind: 'resistor', ohms: under(row * GEOMETRY.columns + column) }),
  });
  bench.height = 'contact';
  const { plan } = memoryPlan({ bench: memorySettings({ wafer: { id: 'MEM-1', dies: DIES } }) });
  const addresses = known(-1).map(({ cell }) => cell);
  const lookalikes = lookalikesOf(DIES[0], addresses, DIES, GEOMETRY, cellsOf);
  const route = new PairRoute(bench, () => {});
  return await checkFingerprint(bench, plan, DIES[0], known(-1), lookalikes, route, new AbortController().signal);
}

describe('the fingerprint of a die', () => {
  it('lets the die itself pass', async () => {
    expect(await recognise((cell) => ohmsOf(1, -1, cell))).toEqual({ matches: 16, of: 16 });
  });

  it('names a shift by one die', async () => {
    await expect(recognise((cell) => ohmsOf(1, 0, cell))).rejects.toThrow(/die \(0, 0\).*shifted by \(1, 0\)/);
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

describe('a session', () => {
  const geometry = { rows: 8, columns: 12, columnsPerEnableLine: 2 } as const;
  const bench = () =>
    new MemoryBench({
      rows: 8,
      columns: 12,
      cell: (row, column, die) => {
        const rP = ohmsOf(1, die.x, row * geometry.columns + column);
        return { kind: 'healthy', rP, rAp: 2.4 * rP, state: 'P' };
      },
    });
  const settings = memorySettings({
    geometry,
    padMap: consecutivePadMap(geometry),
    wafer: { id: 'MEM-1', dies: DIES },
  });
  const frozen = memoryPlan({ bench: settings });
  const { programme, thresholds } = frozen.plan.recipe;
  const classifier = createClassifier(programme, thresholds);

  it('says of each new die that it is none of those before', async () => {
    const store = new MemoryStore();
    const outcome = await measure(bench(), store, { frozen, classifier });
    expect(outcome.error).toBeNull();
    const texts = store.events
      .filter(({ kind }) => kind === 'fingerprint')
      .map(({ dieOrdinal, text }) => [dieOrdinal, text]);
    expect(texts).toEqual([
      [1, 'unlike every die measured so far (2 comparisons)'],
      [2, 'unlike every die measured so far (4 comparisons)'],
    ]);
  });

  it('refuses to measure a die a second time in the name of its neighbour when the chuck did not move', async () => {
    const stuck = bench();
    let claimed = { x: -1, y: 0 };
    stuck.die = claimed;
    const { readState } = stuck.prober;
    stuck.prober.moveToDie = async (x, y) => {
      claimed = { x, y };
    };
    stuck.prober.readState = async (signal) => ({ ...(await readState(signal)), die: claimed });
    const store = new MemoryStore();
    const outcome = await measure(stuck, store, { frozen, classifier });
    expect(outcome.error).toMatchObject({ code: 'TB_WAFER_MISMATCH' });
    expect(outcome.error?.message).toMatch(
      /die \(0, 0\): it was never measured.*die \(-1, 0\): the wafer map is shifted by \(-1, 0\)/,
    );
    expect(store.sweeps.every(({ dieOrdinal }) => dieOrdinal === 0)).toBe(true);
    expect(stuck.isSafe).toBe(true);
    expect(stuck.violations).toEqual([]);
  });

  it('knows a die again that it repeats', async () => {
    const store = new MemoryStore();
    const again = memoryPlan({ bench: settings, dies: [0], repeatDies: [0] });
    const outcome = await measure(bench(), store, { frozen: again, classifier });
    expect(outcome.error).toBeNull();
    const texts = store.events.filter(({ kind }) => kind === 'fingerprint').map(({ text }) => text);
    expect(texts).toEqual([expect.stringMatching(/^(\d+) of \1 cells measured earlier are found again$/)]);
  });
});
