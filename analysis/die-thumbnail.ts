import { type CrossbarGeometry, cellAt } from '../wafer/geometry.ts';

/** Cells per character, so that the default die takes 50 × 13 characters. */
const COLUMNS_PER_CHARACTER = 4;
const ROWS_PER_CHARACTER = 8;
/** From none to many marked cells under one character. */
const SHADES = ['·', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** A die as lines of text: each character tells how many of the cells under it are marked ("#" from ten). */
export function dieThumbnail(geometry: CrossbarGeometry, marked: readonly number[]): string[] {
  const width = Math.ceil(geometry.columns / COLUMNS_PER_CHARACTER);
  const height = Math.ceil(geometry.rows / ROWS_PER_CHARACTER);
  const counts = new Uint16Array(width * height);
  for (const index of marked) {
    const { row, column } = cellAt(geometry, index);
    counts[Math.floor(row / ROWS_PER_CHARACTER) * width + Math.floor(column / COLUMNS_PER_CHARACTER)] += 1;
  }
  const shade = (count: number) => SHADES[count] ?? '#';
  return Array.from({ length: height }, (_, y) =>
    Array.from(counts.subarray(y * width, (y + 1) * width), shade).join(''),
  );
}
