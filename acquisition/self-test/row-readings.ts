import type { ReadBit } from './address-code.ts';
import { PROBE_VOLTS } from './line-probe.ts';
import { columnsOfPair, type TestSubject, unlessRefused } from './test-subject.ts';

export interface CellSiemens {
  readonly a: number;
  readonly b: number;
}

/** Conductances by row, then by place in `pairs`; null where it could not be read. */
export interface RowReadings {
  readonly pairs: readonly number[];
  readonly cells: readonly (readonly (CellSiemens | null)[])[];
}

/** Two cells are a bit when they differ by more than this: more than the spread of one state, less than any useful TMR. */
const BIT_RATIO = 1.35;
/** Two rows are one line when all their cells agree within this: ten times the reading error, a tenth of the spread. */
const SAME_LINE = 0.01;
/** A short of some ohms between two rows shows on their shorted cells, which are few. */
const ALIKE_FRACTION = 0.8;
/** Cells that must agree before two rows are called one line: two of a die may be alike, not six. */
const FEWEST_ALIKE = 6;

/** Walks all rows under each of the pairs; the enable line changes as rarely as possible. */
export async function readRows(
  subject: TestSubject,
  pairs: readonly number[],
  rows: readonly number[],
): Promise<RowReadings> {
  const { geometry, probe } = subject;
  const cells = Array.from({ length: geometry.rows }, (): (CellSiemens | null)[] => new Array(pairs.length).fill(null));
  for (const [place, pair] of pairs.entries()) {
    for (const row of rows) cells[row][place] = await readCell(subject, pair, row);
  }
  probe.forget();
  return { pairs, cells };
}

export function readCell({ probe }: TestSubject, pair: number, row: number): Promise<CellSiemens | null> {
  return unlessRefused(async () => {
    await probe.place(pair, { ...columnsOfPair(pair), row });
    return await probe.siemens();
  });
}

/** A cell fit to carry a bit: neither open, shorted nor subpar by the thresholds of the recipe. */
export function isFit({ plan }: TestSubject, siemens: number): boolean {
  const { openAboveOhms, subparBelowOhms } = plan.recipe.thresholds;
  return siemens > 1 / openAboveOhms && siemens < 1 / subparBelowOhms;
}

export function bitOf(subject: TestSubject, cell: CellSiemens | null): ReadBit {
  if (cell === null || !isFit(subject, cell.a) || !isFit(subject, cell.b)) return null;
  const ratio = cell.a / cell.b;
  return ratio > BIT_RATIO ? false : ratio < 1 / BIT_RATIO ? true : null;
}

/** Rows under which nothing conducts at all. */
export function openRows({ conductingAmps }: TestSubject, { cells }: RowReadings, rows: readonly number[]): number[] {
  const least = conductingAmps / PROBE_VOLTS;
  const read = (row: number) => cells[row].filter((cell) => cell !== null);
  return rows.filter((row) => read(row).length > 0 && read(row).every(({ a, b }) => a < least && b < least));
}

/** Groups of rows that read the same cells. */
export function sameRows({ conductingAmps }: TestSubject, { cells }: RowReadings, rows: readonly number[]): number[][] {
  const least = conductingAmps / PROBE_VOLTS;
  const values = (row: number) => cells[row].flatMap((cell) => (cell === null ? [null, null] : [cell.a, cell.b]));
  const alike = (one: readonly (number | null)[], other: readonly (number | null)[]) => {
    const both = one.flatMap((x, i): [number, number][] => {
      const y = other[i];
      return x === null || y === null || x < least || y < least ? [] : [[x, y]];
    });
    const equal = both.filter(([x, y]) => Math.abs(x - y) < SAME_LINE * Math.max(x, y)).length;
    return equal >= FEWEST_ALIKE && equal >= ALIKE_FRACTION * both.length;
  };
  const groups: number[][] = [];
  for (const row of rows) {
    const group = groups.find(([first]) => alike(values(first), values(row)));
    if (group) group.push(row);
    else groups.push([row]);
  }
  return groups.filter(({ length }) => length > 1);
}

/** Median conductance of the cells that conduct, siemens; null without any. */
export function medianSiemens({ conductingAmps }: TestSubject, { cells }: RowReadings): number | null {
  const least = conductingAmps / PROBE_VOLTS;
  const all = cells.flatMap((row) => row.flatMap((cell) => (cell === null ? [] : [cell.a, cell.b])));
  const conducting = all.filter((value) => value > least).toSorted((x, y) => x - y);
  return conducting.length === 0 ? null : conducting[Math.floor(conducting.length / 2)];
}
