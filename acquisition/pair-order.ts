import { type CellAddress, type CrossbarGeometry, cellIndex, columnsOf, enableLineCount } from '../wafer/geometry.ts';
import type { PairSide } from '../wafer/sweep.ts';

/**
 * The pairs of a die and their order, as data. A pair is one row under one enable line; its index is
 * `enableLine × rows + row`, so ascending indices change the enable line as rarely as possible.
 * `pairs: null` means all of them; a list names a subset, ascending.
 */
export interface PairOrder {
  readonly kind: 'enable-line-major';
  readonly pairs: readonly number[] | null;
}

export interface Pair {
  readonly enableLine: number;
  readonly row: number;
  /** The columns the enable line opens: A the even, B the odd one; B is null with one column per enable line. */
  readonly columns: Readonly<Record<PairSide, number | null>>;
}

export function pairsOfDie(geometry: CrossbarGeometry): number {
  return enableLineCount(geometry) * geometry.rows;
}

export function pairAt(geometry: CrossbarGeometry, index: number): Pair {
  const enableLine = Math.floor(index / geometry.rows);
  const [columnA, columnB] = columnsOf(geometry, enableLine);
  return { enableLine, row: index % geometry.rows, columns: { A: columnA, B: columnB ?? null } };
}

/** Index of the cell on one side of the pair, or null where that side does not exist. */
export function cellOf(geometry: CrossbarGeometry, pair: Pair, side: PairSide): number | null {
  const column = pair.columns[side];
  return column === null ? null : cellIndex(geometry, { row: pair.row, column } satisfies CellAddress);
}

/**
 * A quick look: pairs for about `cells` cells, spread evenly over enable lines and rows (never along one line only).
 * Returns null when that is the whole die.
 */
export function spreadPairs(geometry: CrossbarGeometry, cells: number): readonly number[] | null {
  const wanted = Math.ceil(cells / geometry.columnsPerEnableLine);
  const enableLines = enableLineCount(geometry);
  if (wanted >= pairsOfDie(geometry)) return null;
  const lines = Math.min(enableLines, Math.max(Math.ceil(wanted / geometry.rows), Math.ceil(Math.sqrt(wanted))));
  const rows = Math.ceil(wanted / lines);
  const pairs: number[] = [];
  for (let i = 0; i < lines; i++) {
    for (let j = 0; j < rows && pairs.length < wanted; j++) {
      pairs.push(middleOf(i, lines, enableLines) * geometry.rows + middleOf(j, rows, geometry.rows));
    }
  }
  return pairs;
}

/** Middle of the i-th of `parts` equal parts of 0…count−1. */
function middleOf(i: number, parts: number, count: number): number {
  return Math.floor(((i + 0.5) * count) / parts);
}
