import { median } from 'd3-array';
import type { CellRecord } from '../../db/records.ts';
import type { CellClass } from '../../wafer/cell-class.ts';

/** Classes whose sweep is worth looking at, in the order of the figures. */
const SHOWN: readonly CellClass[] = ['healthy', 'weak', 'subpar', 'stuck', 'shorted', 'undetermined'];

/**
 * One cell for every class that occurs: the one whose resistance is nearest to the median of its class, so that nobody
 * chose it. Cells that share a cause outside themselves (a line, a needle) stand for that cause, not for the class.
 */
export function representativeCells(cells: readonly CellRecord[]): CellRecord[] {
  return SHOWN.flatMap((name) => {
    const members = cells.filter((cell) => cell.class === name && resistance(cell) !== null);
    const own = members.filter(({ cause }) => cause === 'none');
    const candidates = own.length > 0 ? own : members;
    const middle = median(candidates, resistance);
    if (middle === undefined) return [];
    const distance = (cell: CellRecord) => Math.abs((resistance(cell) ?? 0) - middle);
    return [candidates.reduce((best, cell) => (distance(cell) < distance(best) ? cell : best))];
  });
}

function resistance({ rP, rStuck }: CellRecord): number | null {
  return rP ?? rStuck;
}
