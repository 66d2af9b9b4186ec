import { type DieSite, dieLabel } from '../wafer/die.ts';
import { type CrossbarGeometry, cellAt, cellIndex } from '../wafer/geometry.ts';
import type { KnownCell, Lookalike } from './die-fingerprint.ts';

/** Resistances of a die's cells as they were measured; null where the cell has none. */
export type CellsOfDie = (cell: number) => Pick<KnownCell, 'rP' | 'rAp'> | null;

/** Quarter turns, counted against the clock as the wafer map is drawn with y downwards. */
const QUARTERS = [0, 1, 2, 3] as const;
type Quarters = (typeof QUARTERS)[number];

/**
 * What the needles would find in place of a die: any other die of the wafer, as it lies or turned, and the die itself
 * turned. `cells` are the addresses to compare at; `cellsOf` gives a die's resistances, null for a die that was not measured.
 */
export function lookalikesOf(
  die: DieSite,
  cells: readonly number[],
  dies: readonly DieSite[],
  geometry: CrossbarGeometry,
  cellsOf: (ordinal: number) => CellsOfDie | null,
): Lookalike[] {
  return dies.flatMap((site) => {
    const known = cellsOf(site.ordinal);
    if (known === null) return [];
    return QUARTERS.filter((quarters) => turns(geometry, quarters)).flatMap((quarters): Lookalike[] => {
      if (site.ordinal === die.ordinal && quarters === 0) return [];
      const found = cells.flatMap((cell): KnownCell[] => {
        const there = known(cellUnder(geometry, cell, quarters));
        return there === null ? [] : [{ cell, rP: there.rP, rAp: there.rAp }];
      });
      return [{ name: nameOf(die, site, quarters, dies), cells: found }];
    });
  });
}

/** The cell that lies at a needle address when the die is turned by so many quarters. */
export function cellUnder(geometry: CrossbarGeometry, cell: number, quarters: Quarters): number {
  const { row, column } = cellAt(geometry, cell);
  const [lastRow, lastColumn] = [geometry.rows - 1, geometry.columns - 1];
  if (quarters === 0) return cell;
  if (quarters === 1) return cellIndex(geometry, { row: column, column: lastRow - row });
  if (quarters === 2) return cellIndex(geometry, { row: lastRow - row, column: lastColumn - column });
  return cellIndex(geometry, { row: lastColumn - column, column: row });
}

/** A die that is not square does not fit the needles after a quarter turn. */
function turns({ rows, columns }: CrossbarGeometry, quarters: Quarters): boolean {
  return quarters % 2 === 0 || rows === columns;
}

/** The place whose die comes to lie here when the wafer is turned about the middle of its coordinates; null between two places. */
export function siteUnder(
  { x, y }: Pick<DieSite, 'x' | 'y'>,
  dies: readonly DieSite[],
  quarters: Quarters,
): { readonly x: number; readonly y: number } | null {
  const middle = (values: readonly number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const [cx, cy] = [middle(dies.map((die) => die.x)), middle(dies.map((die) => die.y))];
  const [dx, dy] = [x - cx, y - cy];
  const [tx, ty] = [
    [dx, dy],
    [-dy, dx],
    [-dx, -dy],
    [dy, -dx],
  ][quarters];
  const place = { x: cx + tx, y: cy + ty };
  return Number.isInteger(place.x) && Number.isInteger(place.y) ? place : null;
}

function nameOf(die: DieSite, site: DieSite, quarters: Quarters, dies: readonly DieSite[]): string {
  const shift = `(${site.x - die.x}, ${site.y - die.y})`;
  const isAt = (turned: Quarters) => {
    const place = siteUnder(die, dies, turned);
    return place !== null && place.x === site.x && place.y === site.y;
  };
  if (site.ordinal === die.ordinal) {
    return `the die itself, turned by ${90 * quarters}°: rows and columns run the other way`;
  }
  if (quarters !== 0) {
    const how = isAt(quarters) ? `the wafer is rotated by ${90 * quarters}°` : `turned, and shifted by ${shift}`;
    return `die ${dieLabel(site)}, turned by ${90 * quarters}°: ${how}`;
  }
  const mapTurned = QUARTERS.slice(1).find(isAt);
  const near = Math.max(Math.abs(site.x - die.x), Math.abs(site.y - die.y)) <= 1;
  const turnedMap =
    mapTurned === undefined || near ? '' : `, or the wafer map is rotated by ${90 * mapTurned}° against the wafer`;
  return `die ${dieLabel(site)}: the wafer map is shifted by ${shift}${turnedMap}`;
}
