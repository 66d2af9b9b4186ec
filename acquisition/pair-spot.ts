import type { Bench } from '../drivers/capabilities.ts';
import type { Recipe } from '../wafer/recipe.ts';
import type { PairSide } from '../wafer/sweep.ts';
import type { Pair } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';

/** A look at one cell: volts over it, column minus row, and its current. */
export interface CellSpot {
  readonly volts: number;
  readonly amps: number;
  readonly compliance: boolean;
}

export interface SpotSettings {
  /** Of the column above the row; not negative. */
  readonly volts: number;
  readonly limitAmps: number;
  readonly nplc: number;
}

/**
 * Routes a pair and reads both its cells at one level: with one reading where both columns have a channel, one after the
 * other under single access. Null for a side that does not exist. The source returns to 0 V.
 */
export async function spotPair(
  bench: Bench,
  access: Recipe['access'],
  route: PairRoute,
  pair: Pair,
  { volts, limitAmps, nplc }: SpotSettings,
  signal: AbortSignal,
): Promise<Readonly<Record<PairSide, CellSpot | null>>> {
  const spots: Record<PairSide, CellSpot | null> = { A: null, B: null };
  const sides = (['A', 'B'] as const).filter((side) => pair.columns[side] !== null);
  if (access === 'single') {
    for (const side of sides) {
      await route.toCell(pair, side, 'positive', signal);
      const levels = { columnA: volts, columnB: 0, row: 0 };
      spots[side] = (await bench.source.spot(levels, limitAmps, nplc, signal)).columnA;
    }
    return spots;
  }
  await route.to(pair, signal);
  const spot = await bench.source.spot({ columnA: volts, columnB: volts, row: 0 }, limitAmps, nplc, signal);
  for (const side of sides) {
    const column = spot[side === 'A' ? 'columnA' : 'columnB'];
    spots[side] = { ...column, volts: column.volts - spot.row.volts };
  }
  return spots;
}
