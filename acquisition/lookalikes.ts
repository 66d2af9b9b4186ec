import type { StoredCell } from '../db/records.ts';
import { type DieSite, dieLabel } from '../wafer/die.ts';
import { type CrossbarGeometry, cellCount } from '../wafer/geometry.ts';
import type { KnownCell, Lookalike } from './die-fingerprint.ts';

/**
 * What the needles would find in place of a die: after a shift by one die one of its neighbours, on a wafer turned by
 * 180° the die on the other side of the centre with its rows and columns reversed, and the die itself so reversed where
 * only the die map was turned. `cellsOf` gives a die's verdicts, none for a die that was not measured.
 */
export function lookalikesOf(
  die: DieSite,
  known: readonly KnownCell[],
  dies: readonly DieSite[],
  geometry: CrossbarGeometry,
  cellsOf: (ordinal: number) => readonly StoredCell[],
): Lookalike[] {
  const last = cellCount(geometry) - 1;
  const straight = (cell: number) => cell;
  const turned = (cell: number) => last - cell;
  const opposite = oppositeOf(die, dies);
  const candidates = [
    ...dies
      .filter(({ x, y, ordinal }) => ordinal !== die.ordinal && Math.max(Math.abs(x - die.x), Math.abs(y - die.y)) <= 1)
      .map((site) => ({ site, place: straight, what: 'a neighbour: the wafer map is shifted by one die' })),
    ...(opposite === undefined
      ? []
      : [{ site: opposite, place: turned, what: 'reversed: the wafer is rotated by 180°' }]),
    { site: die, place: turned, what: 'reversed: rows and columns run the other way' },
  ];
  return candidates.map(({ site, place, what }) => {
    const byCell = new Map(cellsOf(site.ordinal).map((cell) => [cell.cell, cell]));
    const cells = known.flatMap(({ cell }): KnownCell[] => {
      const there = byCell.get(place(cell));
      return there?.rP && there.rAp ? [{ cell, rP: there.rP, rAp: there.rAp }] : [];
    });
    return { name: `die ${dieLabel(site)}, ${what}`, cells };
  });
}

/** The die on the other side of the middle of the wafer's coordinates; undefined for the middle itself. */
function oppositeOf({ x, y, ordinal }: DieSite, dies: readonly DieSite[]): DieSite | undefined {
  const sum = (values: readonly number[]) => Math.min(...values) + Math.max(...values);
  const [sumX, sumY] = [sum(dies.map((die) => die.x)), sum(dies.map((die) => die.y))];
  return dies.find((die) => die.x === sumX - x && die.y === sumY - y && die.ordinal !== ordinal);
}
