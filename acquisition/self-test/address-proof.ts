import { addressesLike, type ReadBit, readableFraction } from './address-code.ts';
import { type CodePlaces, codePlaces } from './code-places.ts';
import type { EnabledColumns } from './enabled-columns.ts';
import { orderFaults } from './line-order.ts';
import { bitOf, isFit, type RowReadings, readCell, readRows } from './row-readings.ts';
import { isSound, type RowWalk } from './row-walk.ts';
import { columnsOfPair, type TestSubject, unlessRefused } from './test-subject.ts';
import { writeBit } from './write-bit.ts';

/** So much of a die must be readable code before it is taken for code: a die in random states reaches about half. */
const LEAST_READABLE = 0.9;
/** Every bit is 0 in two thirds of all rows: a pair with more ones than this is turned round. */
const TURNED_FRACTION = 0.6;

/** Bits not taken: up to the first part they are a die's usual defects, from the second on the fault is of the bench. */
const MOST_FAILED = 0.1;
const LEAST_FAILED = 0.9;

/** On a die with more bad cells than this a majority of cells proves nothing of their lines. */
const LEAST_FIT = 0.85;
/** A pair whose orientation is to be told by majority must be readable in this part of all rows. */
const LEAST_ROWS = 0.6;

interface CodeRead {
  readonly present: boolean;
  readonly turnedPairs: readonly number[];
  readonly leadsTo: ReadonlyMap<number, number>;
  /** Rows that do not carry their own address and could not be told. */
  readonly lost: readonly number[];
}

/**
 * The address proof. What is written and read through the same wires looks right however these are exchanged, so the
 * proof rests on the die: it keeps the addresses that an earlier test wrote into its cells. The code is read first; where
 * it is found, every exchanged, mirrored or turned line is named. Where it is not, it is written now, read back, and the
 * order of the rows stays unproven until the die is tested again.
 */
export async function proveAddresses(
  subject: TestSubject,
  places: CodePlaces,
  columns: EnabledColumns,
  walk: RowWalk,
): Promise<void> {
  const { book, geometry } = subject;
  const fit = fitFraction(subject, walk);
  if (fit < LEAST_FIT) {
    const text = `only ${(100 * fit).toFixed(0)} % of the cells that would carry the code are fit for it: test on a better die`;
    for (const check of ['rowOrder', 'pairOrder', 'addressWrite'] as const) book.close(check, 'notProven', text);
    // Rows that touch are known by cells that read alike, and of two bad cells that says nothing.
    book.close('rowLines', 'notProven', `no row is open on every die; whether two of them touch: ${text}`);
    return;
  }
  const found = decode(subject, places, walk.readings, walk.sound);
  if (!found.present) {
    if (book.findings.some(({ fault }) => fault !== 'open')) {
      const text = 'no address code on this die, and none is written while lines are at fault';
      for (const check of ['rowOrder', 'pairOrder', 'addressWrite'] as const) book.close(check, 'notProven', text);
      return;
    }
    await writeCode(subject, places, columns, walk);
    return;
  }
  nameOrder(subject, found);
  const told = await namePairs(subject, places, columns, found);
  const rowsProven = found.leadsTo.size === geometry.rows;
  book.close(
    'rowOrder',
    rowsProven ? 'passed' : 'notProven',
    `${found.leadsTo.size} of ${geometry.rows} rows carry their own address`,
  );
  book.close(
    'pairOrder',
    told === subject.pairs ? 'passed' : 'notProven',
    `columns A and B told apart on ${told} of ${subject.pairs} pairs`,
  );
  book.close('addressWrite', 'passed', 'the code of an earlier test was found and read; not written again');
}

function decode(subject: TestSubject, places: CodePlaces, { cells }: RowReadings, rows: readonly number[]): CodeRead {
  const raw = new Map(rows.map((row): [number, ReadBit[]] => [row, cells[row].map((cell) => bitOf(subject, cell))]));
  const carries = (row: number, place: number) => {
    const cell = cells[row][place];
    return cell !== null && isFit(subject, cell.a) && isFit(subject, cell.b);
  };
  const known = [...raw].flatMap(([row, bits]) => bits.filter((_, place) => carries(row, place)));
  for (const [place] of places.pairs.entries()) {
    const bits = [...raw.values()].filter((row) => row[place] !== null).length;
    if (bits < LEAST_ROWS * subject.geometry.rows) for (const row of raw.values()) row[place] = null;
  }
  const turned = places.pairs.map((_, place) => {
    const bits = rows.map((row) => raw.get(row)?.[place] ?? null).filter((bit) => bit !== null);
    return bits.filter(Boolean).length > TURNED_FRACTION * bits.length;
  });
  // A row of which too little can be read is neither right nor wrong.
  const readable = [...raw].filter(([, bits]) => bits.filter((bit) => bit !== null).length >= places.bits);
  const candidates = new Map(
    readable.map(([row, bits]): [number, number[]] => {
      const straight = bits.map((bit, place) => (bit === null ? null : bit !== turned[place]));
      return [row, addressesLike(places.words, straight)];
    }),
  );
  return {
    present: rows.length > 0 && readableFraction(known) >= LEAST_READABLE,
    turnedPairs: places.pairs.filter((_, place) => turned[place]),
    ...settleAddresses(subject.geometry.rows, candidates),
  };
}

/** Of the cells read on sound rows and columns, the part that is neither open, shorted nor subpar. */
function fitFraction(subject: TestSubject, { readings, sound }: RowWalk): number {
  const read = sound.flatMap((row) => readings.cells[row].flatMap((cell) => (cell === null ? [] : [cell.a, cell.b])));
  return read.length === 0 ? 0 : read.filter((siemens) => isFit(subject, siemens)).length / read.length;
}

/**
 * From the addresses that each row may have to the one it has: its own where nothing speaks against it, unless the mirror
 * image explains more rows; else the only one that no other row has taken. A row that carries no address at all has bad
 * cells: every line carries some address, so it is neither right nor wrong.
 */
export function settleAddresses(
  count: number,
  candidates: ReadonlyMap<number, readonly number[]>,
): { readonly leadsTo: ReadonlyMap<number, number>; readonly lost: readonly number[] } {
  const explained = (place: (row: number) => number) =>
    [...candidates].filter(([row, addresses]) => addresses.includes(place(row))).length;
  const mirror = (row: number) => count - 1 - row;
  const straight = (row: number) => row;
  const rule = explained(mirror) > explained(straight) ? mirror : straight;
  const leadsTo = new Map<number, number>();
  for (const [row, addresses] of candidates) if (addresses.includes(rule(row))) leadsTo.set(row, rule(row));
  for (let before = -1; before < leadsTo.size; ) {
    before = leadsTo.size;
    const taken = new Set(leadsTo.values());
    for (const [row, addresses] of candidates) {
      if (leadsTo.has(row)) continue;
      const free = addresses.filter((address) => !taken.has(address));
      const left = addresses.length === 1 ? addresses : free;
      if (left.length === 1) leadsTo.set(row, left[0]);
    }
  }
  return {
    leadsTo,
    lost: [...candidates].flatMap(([row, some]) => (leadsTo.has(row) || some.length === 0 ? [] : [row])),
  };
}

function nameOrder({ book, geometry }: TestSubject, { leadsTo, lost }: CodeRead): void {
  for (const row of lost) {
    book.add('rowOrder', 'permuted', 'row', [row], `row ${row} does not carry its own address, nor any other alone`);
  }
  for (const { fault, lines, text } of orderFaults('row', geometry.rows, leadsTo)) {
    book.add('rowOrder', fault, 'row', lines, text);
  }
}

/**
 * Pairs that carry bits are told by their majority of zeros, all others by the zeros of the marker rows. Returns how many
 * pairs could be told.
 */
async function namePairs(
  subject: TestSubject,
  places: CodePlaces,
  columns: EnabledColumns,
  { turnedPairs, leadsTo }: CodeRead,
): Promise<number> {
  const turned = [...turnedPairs];
  let told = places.pairs.filter((pair) => isSound(subject, columns, pair)).length;
  const reaching = new Map([...leadsTo].map(([row, there]) => [there, row]));
  const markers = places.markerRows.flatMap((row) => reaching.get(row) ?? []);
  for (const pair of markedPairs(subject, places, columns)) {
    const bits: ReadBit[] = [];
    for (const row of markers) bits.push(bitOf(subject, await readCell(subject, pair, row)));
    const ones = bits.filter((bit) => bit === true).length;
    const zeros = bits.filter((bit) => bit === false).length;
    if (ones !== zeros) told += 1;
    if (ones > zeros) turned.push(pair);
  }
  if (turned.length > 1 && turned.length >= LEAST_READABLE * told) {
    const text = 'columns A and B are exchanged on every pair: the leads of the two sources, or a connector';
    const lines = turned.flatMap((pair) => Object.values(columnsOfPair(pair)));
    subject.book.add('pairOrder', 'swapped', 'column', lines, text);
    return told;
  }
  for (const pair of turned) {
    const { a, b } = columnsOfPair(pair);
    const text = `columns ${a} and ${b}, the two of enable line ${pair}, are exchanged`;
    subject.book.add('pairOrder', 'swapped', 'column', [a, b], text);
  }
  return told;
}

function markedPairs(subject: TestSubject, places: CodePlaces, columns: EnabledColumns): number[] {
  const all = Array.from({ length: subject.pairs }, (_, pair) => pair);
  return all.filter((pair) => !places.pairs.includes(pair) && isSound(subject, columns, pair));
}

async function writeCode(
  subject: TestSubject,
  places: CodePlaces,
  columns: EnabledColumns,
  walk: RowWalk,
): Promise<void> {
  const { book } = subject;
  let written = 0;
  let failed = 0;
  let unfit = 0;
  const untaken = new Set<string>();
  const write = async (pair: number, row: number, bit: boolean) => {
    const right = await unlessRefused(() => writeBit(subject, pair, row, bit));
    if (right === null) return;
    written += 1;
    if (right !== 'right') untaken.add(`${row} ${pair}`);
    if (right === 'unfit') unfit += 1;
    if (right === 'wrong') failed += 1;
  };
  for (const [place, pair] of places.pairs.entries()) {
    if (!isSound(subject, columns, pair)) continue;
    for (const row of walk.sound) await write(pair, row, places.words[row][place % places.bits]);
  }
  const markers = places.markerRows.filter((row) => walk.sound.includes(row));
  for (const pair of markedPairs(subject, places, columns)) for (const row of markers) await write(pair, row, false);

  // Read again when all is written: a line that a later write went to as well no longer holds its own word.
  const usable = places.pairs.filter((pair) => isSound(subject, columns, pair));
  const read = await readRows(subject, usable, walk.sound);
  // A bit that its cells did not take when it was written says nothing of the lines.
  const cells = read.cells.map((own, row) =>
    places.pairs.map((pair) => (untaken.has(`${row} ${pair}`) ? null : (own[usable.indexOf(pair)] ?? null))),
  );
  const after = decode(subject, places, { pairs: places.pairs, cells }, walk.sound);
  nameOrder(subject, after);
  const text = `${written} bits: ${unfit} on cells not fit to carry one, ${failed} not taken`;
  if (after.present && failed <= MOST_FAILED * written) book.close('addressWrite', 'passed', text);
  else if (failed < LEAST_FAILED * (written - unfit)) {
    book.close(
      'addressWrite',
      'notProven',
      `${text}: some cells take it, so the die is the likely cause; test on another`,
    );
  } else {
    book.add(
      'addressWrite',
      'notWritable',
      'row',
      [],
      `${text}: the code does not read back; gate, amplitude or limit`,
    );
    book.close('addressWrite', 'failed', text);
  }
  const unproven = 'the die carried no address code; it does now: test it again after any change of wiring';
  book.close('rowOrder', 'notProven', unproven);
  book.close('pairOrder', 'notProven', unproven);
}

/** Rooms for the code on this die, or the reason there are none. */
export function placesOf(subject: TestSubject): CodePlaces | string {
  const places = codePlaces(subject);
  return places ?? `${subject.pairs} pairs of columns are too few for the addresses of ${subject.geometry.rows} rows`;
}
