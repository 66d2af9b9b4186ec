import type { Bench } from '../drivers/capabilities.ts';
import { type DieSite, dieLabel } from '../wafer/die.ts';
import { cellAt, enableLineOf } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { pairAt } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import { spotPair } from './pair-spot.ts';
import type { Plan } from './plan.ts';

/** A cell measured earlier, by which its die can be known again. */
export interface KnownCell {
  readonly cell: number;
  readonly rP: number;
  readonly rAp: number;
}

/** What would lie under the needles if the wafer were not where it should be. */
export interface Lookalike {
  /** In words, e.g. "die (1, 0): the wafer map is shifted by (1, 0)". */
  readonly name: string;
  /** Its resistances at the addresses that are compared. */
  readonly cells: readonly KnownCell[];
}

/** Resistances read at low bias, by cell. */
export type FoundCells = ReadonlyMap<number, number>;

const READ = { volts: 0.05, limitAmps: 1e-4, nplc: 0.1 };
/** One point with its offsets, in a state that may have changed since. */
const TOLERANCE = 0.04;
/** With 5 % spread a stranger's cell matches in either state about four times in ten; three of four rules it out. */
const ENOUGH_MATCHES = 0.75;
/** Fewer known cells prove nothing. */
const FEWEST_CELLS = 8;

/**
 * To name what lies there dozens of dies are compared, so that each comparison must be sharper: to 2 % after a common
 * factor of at most 6 % (offset and gain of the reading) is taken out. A stranger's cell then matches two times in ten.
 */
const NAMING = { tolerance: 0.02, commonFactor: 0.06, ofShuffled: 0.5 };
/** A die that is new to us is refused only on more evidence: a false alarm would end a sound run. */
const FEWEST_CELLS_TO_REFUSE = 16;

/**
 * Compares resistances of cells measured earlier with the die that is under the needles now: a shifted, a rotated or
 * another wafer is found before its data are accepted. Needs power; leaves the source at 0 V.
 * Throws TB_WAFER_MISMATCH. Returns how many cells matched, or null when too few are known.
 */
export async function checkFingerprint(
  bench: Bench,
  plan: Plan,
  die: DieSite,
  known: readonly KnownCell[],
  lookalikes: readonly Lookalike[],
  route: PairRoute,
  signal: AbortSignal,
): Promise<{ matches: number; of: number } | null> {
  if (known.length < FEWEST_CELLS) return null;
  const cells = known.map(({ cell }) => cell);
  const found = await readCells(bench, plan, cells, route, signal);
  const matches = known.filter((cell) => isLike(cell, found, TOLERANCE)).length;
  if (matches >= ENOUGH_MATCHES * known.length) return { matches, of: known.length };
  const there = bestOf(found, lookalikes, FEWEST_CELLS)?.name ?? 'no die that this file knows: another wafer';
  throw new TunnelbenchError('TB_WAFER_MISMATCH', {
    thing: `die ${dieLabel(die)}`,
    what: 'its resistances are not those that were measured on it before',
    value: `${matches} of ${known.length} cells match; what lies there is ${there}`,
    expected: `at least ${Math.ceil(ENOUGH_MATCHES * known.length)}`,
    remedy: REMEDY,
  });
}

const REMEDY = 'Check wafer, notch direction and the die origin of the prober map; nothing of this visit was stored.';

/**
 * A die that was never measured cannot be known again, but it must not be one that was: compares it with every lookalike.
 * Needs power; leaves the source at 0 V. Throws TB_WAFER_MISMATCH naming what it is. Returns with how many it could be
 * compared; 0 where none has enough known cells, or where all are so alike that nothing follows.
 */
export async function checkNewDie(
  bench: Bench,
  plan: Plan,
  die: DieSite,
  cells: readonly number[],
  lookalikes: readonly Lookalike[],
  route: PairRoute,
  signal: AbortSignal,
): Promise<number> {
  const able = lookalikes.filter((one) => one.cells.length >= FEWEST_CELLS_TO_REFUSE);
  if (able.length === 0) return 0;
  const found = await readCells(bench, plan, cells, route, signal);
  const there = bestOf(found, able, FEWEST_CELLS_TO_REFUSE);
  if (there === null) return able.filter((one) => likenessOfShuffled(one, found) <= NAMING.ofShuffled).length;
  throw new TunnelbenchError('TB_WAFER_MISMATCH', {
    thing: `die ${dieLabel(die)}`,
    what: 'it was never measured, but its resistances are those of a die that was',
    value: `what lies there is ${there.name}`,
    expected: 'resistances that no die measured so far has',
    remedy: REMEDY,
  });
}

/** One reading at low bias of each cell; both cells of a pair come with one reading. */
async function readCells(
  bench: Bench,
  plan: Plan,
  cells: readonly number[],
  route: PairRoute,
  signal: AbortSignal,
): Promise<FoundCells> {
  const { geometry } = plan.bench;
  const byPair = Map.groupBy(cells, (cell) => {
    const { row, column } = cellAt(geometry, cell);
    return enableLineOf(geometry, column) * geometry.rows + row;
  });
  const found = new Map<number, number>();
  for (const [index, ofPair] of [...byPair].toSorted(([a], [b]) => a - b)) {
    const pair = pairAt(geometry, index);
    const spots = await spotPair(bench, plan.recipe.access, route, pair, READ, signal);
    for (const cell of ofPair) {
      const spot = spots[pair.columns.A === cellAt(geometry, cell).column ? 'A' : 'B'];
      if (spot !== null) found.set(cell, spot.volts / spot.amps);
    }
  }
  return found;
}

/** Whether a cell has one of its two resistances. */
function isLike({ cell, rP, rAp }: KnownCell, found: FoundCells, tolerance: number, factor = 1): boolean {
  const ohms = found.get(cell) ?? Number.NaN;
  return [rP, rAp].some((expected) => Math.abs(ohms / (factor * expected) - 1) <= tolerance);
}

/** The lookalike that fits best, where one fits so well that chance cannot have done it; otherwise null. */
export function bestOf(
  found: FoundCells,
  lookalikes: readonly Lookalike[],
  fewestCells: number,
): { readonly name: string } | null {
  const fitting = lookalikes
    .filter(({ cells }) => cells.length >= fewestCells)
    .map((one) => ({ one, share: likeness(one.cells, found) }))
    .filter(({ one, share }) => share >= ENOUGH_MATCHES && likenessOfShuffled(one, found) <= NAMING.ofShuffled)
    .sort((a, b) => b.share - a.share);
  return fitting[0]?.one ?? null;
}

/** Share of the cells that match after a common factor was taken out. */
function likeness(cells: readonly KnownCell[], found: FoundCells): number {
  const factors = cells.map(({ cell, rP, rAp }) => {
    const ohms = found.get(cell) ?? Number.NaN;
    const ofP = Math.abs(Math.log(ohms / rP)) < Math.abs(Math.log(ohms / rAp));
    return ofP ? ohms / rP : ohms / rAp;
  });
  const finite = factors.filter((factor) => Number.isFinite(factor)).sort((a, b) => a - b);
  const middle = finite[finite.length >> 1] ?? 1;
  const factor = Math.min(1 + NAMING.commonFactor, Math.max(1 - NAMING.commonFactor, middle));
  return cells.filter((cell) => isLike(cell, found, NAMING.tolerance, factor)).length / cells.length;
}

/** The same with the cells exchanged among each other: high where all cells are alike and a match says nothing. */
function likenessOfShuffled({ cells }: Lookalike, found: FoundCells): number {
  const step = Math.max(1, Math.floor(cells.length / 3));
  const exchanged = (by: number) =>
    cells.map((cell, i) => ({ ...cells[(i + by) % cells.length], cell: cell.cell }) satisfies KnownCell);
  return Math.max(...[step, 2 * step].map((by) => likeness(exchanged(by), found)));
}
