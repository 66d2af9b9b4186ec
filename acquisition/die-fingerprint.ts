import type { Bench } from '../drivers/capabilities.ts';
import { type DieSite, dieLabel } from '../wafer/die.ts';
import { cellAt, enableLineOf } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { pairAt } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import type { Plan } from './plan.ts';

/** A cell measured earlier, by which its die can be known again. */
export interface KnownCell {
  readonly cell: number;
  readonly rP: number;
  readonly rAp: number;
}

/** What would lie under the needles if the wafer were not where it should be. */
export interface Lookalike {
  /** In words, e.g. "die (1, 0), its neighbour: the wafer map is shifted". */
  readonly name: string;
  /** Its resistances at the addresses of the die's own known cells. */
  readonly cells: readonly KnownCell[];
}

const READ_VOLTS = 0.05;
const READ_LIMIT_AMPS = 1e-4;
const READ_NPLC = 0.1;
/** One point with its offsets, in a state that may have changed since. */
const TOLERANCE = 0.04;
/** With 5 % spread a stranger's cell matches in either state about four times in ten; three of four rules it out. */
const ENOUGH_MATCHES = 0.75;
/** Fewer known cells prove nothing. */
const FEWEST_CELLS = 8;

/**
 * Compares resistances of cells measured earlier with the die that is under the needles now: a shift by one die, a
 * rotated or another wafer is found before its data are accepted. Needs power; leaves the source at 0 V.
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
  const { geometry } = plan.bench;
  const found = new Map<number, number>();
  for (const { cell } of known) {
    const { row, column } = cellAt(geometry, cell);
    const pair = pairAt(geometry, enableLineOf(geometry, column) * geometry.rows + row);
    await route.to(pair, signal);
    const levels = { columnA: READ_VOLTS, columnB: READ_VOLTS, row: 0 };
    const spot = await bench.source.spot(levels, READ_LIMIT_AMPS, READ_NPLC, signal);
    const { volts, amps } = pair.columns.A === column ? spot.columnA : spot.columnB;
    const ohms = (volts - spot.row.volts) / amps;
    found.set(cell, ohms);
  }
  const matches = matchesOf(known, found);
  if (matches >= ENOUGH_MATCHES * known.length) return { matches, of: known.length };
  throw new TunnelbenchError('TB_WAFER_MISMATCH', {
    thing: `die ${dieLabel(die)}`,
    what: 'its resistances are not those that were measured on it before',
    value: `${matches} of ${known.length} cells match; what lies there is ${nameOf(found, lookalikes)}`,
    expected: `at least ${Math.ceil(ENOUGH_MATCHES * known.length)}`,
    remedy: 'Check wafer, notch direction and the die origin of the prober map; nothing of this die was stored.',
  });
}

function matchesOf(known: readonly KnownCell[], found: ReadonlyMap<number, number>): number {
  return known.filter(({ cell, rP, rAp }) => {
    const ohms = found.get(cell) ?? Number.NaN;
    return [rP, rAp].some((expected) => Math.abs(ohms / expected - 1) <= TOLERANCE);
  }).length;
}

/** The lookalike that fits best, where one fits; otherwise it is nothing that was measured here. */
function nameOf(found: ReadonlyMap<number, number>, lookalikes: readonly Lookalike[]): string {
  const share = ({ cells }: Lookalike) => matchesOf(cells, found) / cells.length;
  const [best] = lookalikes
    .filter((one) => one.cells.length >= FEWEST_CELLS && share(one) >= ENOUGH_MATCHES)
    .sort((a, b) => share(b) - share(a));
  return best?.name ?? 'no die of this wafer measured near it: another wafer, or a larger shift';
}
