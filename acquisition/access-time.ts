import { polarityCourse } from '../wafer/polarity.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { type Segment, segmentsOf } from '../wafer/sweep.ts';

/** Mains frequency assumed before the source has told its own: the slower one, so that the estimate errs long. */
const LINE_HERTZ = 50;
/** Source step and bookkeeping inside the instrument, per point. */
const POINT_OVERHEAD_SECONDS = 30e-6;
/** Trigger, acknowledge and read-out that routing cannot hide. */
const SWEEP_EXCHANGE_SECONDS = 5e-3;
/** Settings and values of one list, their read-back and the readings, for a source that holds one list at a time. An estimate. */
const LIST_EXCHANGE_SECONDS = 50e-3;

/** Time inside the instrument of lists that run one after the other. */
export function listSeconds(lists: readonly Segment[]): number {
  return lists.reduce((sum, { volts, nplc, settleSeconds }) => {
    return sum + volts.length * (settleSeconds + nplc / LINE_HERTZ + POINT_OVERHEAD_SECONDS);
  }, 0);
}

/**
 * Time that lists take on both cells of a pair whose first route is there. Pair access runs them once for both. Single
 * access runs them on one cell after the other, sends each part between two exchanges of HI and LO as a list of its own,
 * and pays a route for each exchange.
 */
export function pairListSeconds(
  lists: readonly Segment[],
  access: Recipe['access'],
  cellsPerPair: number,
  routeSeconds: number,
): number {
  const inside = listSeconds(lists) + SWEEP_EXCHANGE_SECONDS;
  if (access === 'pair') return inside;
  const { parts, exchanges } = courseOf(lists);
  const cell = inside + parts * LIST_EXCHANGE_SECONDS + exchanges * routeSeconds;
  return cellsPerPair * cell + (cellsPerPair - 1) * routeSeconds;
}

/** Exchanges of HI and LO while one cell has its loop. */
export function exchangesPerCell({ access, programme }: Recipe): number {
  return access === 'single' ? courseOf(segmentsOf(programme, 'loop')).exchanges : 0;
}

function courseOf(lists: readonly Segment[]): { readonly parts: number; readonly exchanges: number } {
  return polarityCourse(
    lists.map(({ volts }) => volts),
    'positive',
  );
}
