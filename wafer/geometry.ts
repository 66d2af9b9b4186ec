import { TunnelbenchError } from './tunnelbench-error.ts';

/** A crossbar: rows × columns of 2T-1R cells; one enable line opens `columnsPerEnableLine` adjacent columns for all rows. */
export interface CrossbarGeometry {
  readonly rows: number;
  readonly columns: number;
  readonly columnsPerEnableLine: 1 | 2;
}

/** One cell by its lines. `index = row × columns + column`. */
export interface CellAddress {
  readonly row: number;
  readonly column: number;
}

/** The default die: 100 rows × 200 columns, an enable line for each pair of adjacent columns. */
export const DEFAULT_GEOMETRY: CrossbarGeometry = { rows: 100, columns: 200, columnsPerEnableLine: 2 };

/** Returns the geometry, frozen, or throws TB_GEOMETRY_INVALID with the arithmetic. */
export function crossbarGeometry(geometry: CrossbarGeometry): CrossbarGeometry {
  const { rows, columns, columnsPerEnableLine } = geometry;
  const whole = [rows, columns].every((count) => Number.isInteger(count) && count >= 1 && count <= 65_535);
  const paired = columnsPerEnableLine === 1 || (columnsPerEnableLine === 2 && columns % 2 === 0);
  if (!whole || !paired) {
    throw new TunnelbenchError('TB_GEOMETRY_INVALID', {
      thing: 'crossbar geometry',
      what: 'the numbers do not make a crossbar',
      value: `${rows} rows × ${columns} columns, ${columnsPerEnableLine} columns per enable line`,
      expected: 'whole numbers from 1 to 65535, and columns divisible by the columns per enable line (1 or 2)',
      remedy: 'Correct the geometry in the bench file or the file it was read from.',
    });
  }
  return Object.freeze({ rows, columns, columnsPerEnableLine });
}

export function cellCount({ rows, columns }: CrossbarGeometry): number {
  return rows * columns;
}

export function enableLineCount({ columns, columnsPerEnableLine }: CrossbarGeometry): number {
  return columns / columnsPerEnableLine;
}

export function cellIndex({ columns }: CrossbarGeometry, { row, column }: CellAddress): number {
  return row * columns + column;
}

export function cellAt({ columns }: CrossbarGeometry, index: number): CellAddress {
  return { row: Math.floor(index / columns), column: index % columns };
}

export function enableLineOf({ columnsPerEnableLine }: CrossbarGeometry, column: number): number {
  return Math.floor(column / columnsPerEnableLine);
}

/** The columns that one enable line opens, ascending: [even, odd] for a pair, one column otherwise. */
export function columnsOf({ columnsPerEnableLine }: CrossbarGeometry, enableLine: number): number[] {
  const first = enableLine * columnsPerEnableLine;
  return columnsPerEnableLine === 1 ? [first] : [first, first + 1];
}
