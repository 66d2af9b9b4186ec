import type { CodePlaces } from './code-places.ts';
import type { EnabledColumns } from './enabled-columns.ts';
import { PROBE_VOLTS } from './line-probe.ts';
import { isFit, medianSiemens, openRows, type RowReadings, readRows, sameRows } from './row-readings.ts';
import { columnsOfPair, type TestSubject, unlessRefused } from './test-subject.ts';

/** A P cell beside an AP cell conducts 1.4 times as much as the P cell alone; P cells of a die are alike within a few per cent. */
const TWO_ROWS_RATIO = 1.25;
/** Of two lines together, at least this part of the cells holds a P cell. */
const TWO_ROWS_FRACTION = 0.4;
/** Leaves out the shorted cells of a die. */
const BEST_FRACTION = 0.95;

/** Part of the cells of other rows that must be good for a comparison. */
const LEAST_GOOD = 0.5;

/** A row adds nothing to another when the sum of all its cells changes by less than this part. */
const ADDS_NOTHING = 0.03;

export interface RowWalk {
  readonly readings: RowReadings;
  /** Rows that can be told from each other: routed, conducting, on a line of their own. */
  readonly sound: readonly number[];
  readonly medianSiemens: number | null;
}

/**
 * Walks all rows under the pairs of the address code. A row that conducts nowhere is open; two rows that read the same
 * cells are one line; cells that conduct with no row routed hang on a row relay that does not open. Null when such a relay
 * makes every other reading a sum of two rows.
 */
export async function walkRows(
  subject: TestSubject,
  places: CodePlaces,
  columns: EnabledColumns,
): Promise<RowWalk | null> {
  const { geometry, book } = subject;
  const usable = places.pairs.filter((pair) => isSound(subject, columns, pair));
  const rows = Array.from({ length: geometry.rows }, (_, row) => row).filter(
    (row) => !book.names('row', row, 'stuckOpen'),
  );
  const unrouted = await currentWithoutRow(subject, usable);
  const read = await readRows(subject, usable, rows);
  if (unrouted !== null) {
    nameStuckRow(subject, read, unrouted);
    return null;
  }
  const open = openRows(subject, read, rows);
  for (const row of open) {
    const text = `row ${row} conducts under none of ${usable.length} enable lines: relay, needle or the line on the die is open`;
    book.add('rowLines', 'open', 'row', [row], text);
  }
  const conducting = rows.filter((row) => !open.includes(row));
  const same = sameRows(subject, read, conducting);
  for (const group of same) nameSameRows(subject, read, same.flat(), group);
  return {
    readings: { pairs: places.pairs, cells: read.cells.map((row) => atPlaces(places.pairs, usable, row)) },
    sound: conducting.filter((row) => !same.flat().includes(row)),
    medianSiemens: medianSiemens(subject, read),
  };
}

/** A pair whose two columns conduct and have no fault of their own. */
export function isSound({ book }: TestSubject, { conducts }: EnabledColumns, pair: number): boolean {
  const { a, b } = columnsOfPair(pair);
  return conducts[a] && conducts[b] && !book.names('column', a) && !book.names('column', b);
}

function atPlaces<T>(all: readonly number[], usable: readonly number[], values: readonly (T | null)[]): (T | null)[] {
  return all.map((pair) => values[usable.indexOf(pair)] ?? null);
}

/** Conductance of each usable pair with no row routed, or null where nothing flows. */
async function currentWithoutRow(
  { probe, conductingAmps }: TestSubject,
  usable: readonly number[],
): Promise<readonly number[] | null> {
  const siemens: number[] = [];
  for (const pair of usable) {
    const amps = await unlessRefused(async () => {
      await probe.place(pair, columnsOfPair(pair));
      return await probe.amps({ columnA: PROBE_VOLTS, columnB: PROBE_VOLTS });
    });
    siemens.push(amps === null ? 0 : -amps.row / PROBE_VOLTS);
  }
  return siemens.some((value) => Math.abs(value) > conductingAmps / PROBE_VOLTS) ? siemens : null;
}

/**
 * Every other row adds its own cells to those of the row that hangs on; that row itself adds nothing, and neither does a
 * row that is open: where both are, one cannot be told from the other on this die.
 */
function nameStuckRow({ book }: TestSubject, { cells }: RowReadings, unrouted: readonly number[]): void {
  const added = cells.map((row) =>
    row.reduce((sum, cell, place) => sum + (cell === null ? 0 : Math.abs(cell.a + cell.b - unrouted[place])), 0),
  );
  const least = Math.min(...added);
  const adds = ADDS_NOTHING * unrouted.reduce((sum, siemens) => sum + Math.abs(siemens), 0);
  const rows = added.flatMap((sum, row) => (sum <= least + adds ? [row] : []));
  const others = rows.length > 1 ? ', or one of them and the others are open on this die' : '';
  const text = `the relay of row ${rows.join(' or ')} does not open: cells conduct with no row routed${others}`;
  book.add('rowLines', 'stuckClosed', 'row', rows, text);
}

/**
 * One line under two addresses, or two lines that touch: a good part of the cells of two lines together conduct more than
 * the best of all other rows, whatever states they are in.
 */
function nameSameRows(
  subject: TestSubject,
  { cells }: RowReadings,
  doubtful: readonly number[],
  group: readonly number[],
): void {
  const { book } = subject;
  const values = (row: number) => cells[row].flatMap((cell) => (cell === null ? [] : [cell.a, cell.b]));
  const compared = cells.flatMap((_, row) => (doubtful.includes(row) ? [] : values(row)));
  const others = compared.filter((siemens) => isFit(subject, siemens));
  const best = others.toSorted((x, y) => x - y)[Math.floor(BEST_FRACTION * others.length)];
  const own = values(group[0]);
  const more = best === undefined ? 0 : own.filter((siemens) => siemens > TWO_ROWS_RATIO * best).length;
  const list = group.join(' and ');
  // Where no row has enough good cells to compare with, the two cannot be told apart.
  if (others.length < LEAST_GOOD * compared.length) {
    const text = `rows ${list} are one line: shorted together or wired to one; too few good cells to tell which`;
    book.add('rowLines', 'shorted', 'row', group, text);
  } else if (more >= TWO_ROWS_FRACTION * own.length) {
    book.add('rowLines', 'shorted', 'row', group, `rows ${list} are shorted together: each reads the cells of both`);
  } else book.add('rowOrder', 'aliased', 'row', group, `rows ${list} lead to one line: both read the same cells`);
}
