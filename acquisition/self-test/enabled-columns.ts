import type { IdleLines } from './idle-lines.ts';
import { orderFaults } from './line-order.ts';
import { PROBE_VOLTS, type Route } from './line-probe.ts';
import { columnsOfPair, type TestSubject, unlessRefused } from './test-subject.ts';

const BOTH = { columnA: PROBE_VOLTS, columnB: PROBE_VOLTS };

/** Which columns conduct under their own enable line, and a row that shows it. */
export interface EnabledColumns {
  readonly conducts: readonly boolean[];
  readonly rowOfPair: readonly (number | null)[];
}

/**
 * Walks the enable lines. Under its own line each column must conduct; with no line, or another one, none of them; and
 * none while its own relay is open.
 */
export async function walkEnableLines(subject: TestSubject, idle: IdleLines): Promise<EnabledColumns> {
  const { pairs, probe, probeRows, conductingAmps, geometry, book } = subject;
  const conducts: boolean[] = new Array(geometry.columns).fill(false);
  const rowOfPair: (number | null)[] = new Array(pairs).fill(null);
  const rowOfColumn = new Map<number, number>();
  for (let pair = 0; pair < pairs; pair++) {
    const { a, b } = columnsOfPair(pair);
    for (const row of probeRows) {
      const read = await unlessRefused(async () => {
        await probe.place(pair, { ...routable(subject, a, b), row });
        return await probe.amps(BOTH);
      });
      if (read === null) continue;
      const flows = (amps: number, column: number) => Math.abs(amps - idle.columnLeakAmps[column]) > conductingAmps;
      const here = [flows(read.columnA, a), flows(read.columnB, b)];
      for (const [side, column] of [a, b].entries()) {
        if (here[side] && !rowOfColumn.has(column)) rowOfColumn.set(column, row);
        conducts[column] ||= here[side];
      }
      if (here[0] || here[1]) rowOfPair[pair] ??= row;
      if (conducts[a] && conducts[b]) break;
    }
    await checkSilence(subject, pair, rowOfPair[pair], rowOfColumn);
  }
  // A column that hangs on answers under every route: the question whose it is has its answer already.
  if (!book.has('stuckHigh', 'stuckClosed')) await checkNeighbours(subject, rowOfPair);
  return { conducts, rowOfPair };
}

/** A column whose relay the router refuses must not keep the other from being tested. */
function routable({ book }: TestSubject, a: number, b: number): Route {
  return {
    ...(book.names('column', a, 'stuckOpen') ? {} : { a }),
    ...(book.names('column', b, 'stuckOpen') ? {} : { b }),
  };
}

/** The routes of a pair under which nothing may flow. */
async function checkSilence(
  subject: TestSubject,
  pair: number,
  known: number | null,
  rowOfColumn: ReadonlyMap<number, number>,
): Promise<void> {
  const { book, probeRows } = subject;
  const { a, b } = columnsOfPair(pair);
  const row = known ?? probeRows[0];
  if (await flows(subject, null, { a, b, row }, 'row')) {
    const text = `enable line ${pair} stays high: its columns conduct with every enable line low`;
    book.add('enableLines', 'stuckHigh', 'enable', [pair], text);
    return;
  }
  for (const [column, other, channel] of [
    [a, { b }, 'columnA'],
    [b, { a }, 'columnB'],
  ] as const) {
    // Only a row in which this very column conducts shows whether its relay hangs on.
    const own = rowOfColumn.get(column);
    if (own === undefined) continue;
    const route = { ...other, row: own };
    if (await flows(subject, pair, route, channel)) {
      const text = `the relay of column ${column} does not open: its cell conducts while it is not routed`;
      book.add('columnLines', 'stuckClosed', 'column', [column], text);
    }
  }
}

/** A pair must be silent under a distant enable line too. */
async function checkNeighbours(subject: TestSubject, rowOfPair: readonly (number | null)[]): Promise<void> {
  const { pairs, book } = subject;
  for (const [pair, row] of rowOfPair.entries()) {
    const { a, b } = columnsOfPair(pair);
    const other = (pair + Math.floor(pairs / 2)) % pairs;
    if (row === null || other === pair || book.names('column', a) || book.names('column', b)) continue;
    if (!(await flows(subject, other, { a, b, row }, 'row'))) continue;
    // With neither column routed the same current is that of a column that hangs on, somewhere else.
    if (await flows(subject, other, { row }, 'row')) continue;
    const text = `columns ${a} and ${b} conduct under enable line ${other} as well as under their own`;
    book.add('enableLines', 'shorted', 'enable', [pair, other], text);
  }
}

async function flows(
  { probe, conductingAmps }: TestSubject,
  enabled: number | null,
  route: Route,
  channel: 'columnA' | 'columnB' | 'row',
): Promise<boolean> {
  const read = await unlessRefused(async () => {
    await probe.place(enabled, route);
    return await probe.amps(BOTH);
  });
  return read !== null && Math.abs(read[channel]) > conductingAmps;
}

/**
 * A column that does not conduct under its own enable line is looked for under every other one: found there, it is
 * wired to another place; found nowhere, it is open.
 */
export async function followColumns(subject: TestSubject, { conducts }: EnabledColumns): Promise<void> {
  const { pairs, geometry, book } = subject;
  const missing = conducts.flatMap((ok, column) => (ok || book.names('column', column) ? [] : [column]));
  const foundUnder = new Map<number, number>();
  for (const column of missing) {
    const pair = await pairOf(subject, column);
    if (pair !== null) foundUnder.set(column, pair);
  }
  // A mirrored connector exchanges whole pairs, and the two columns of each: seen by the pairs alone.
  const ofPairs = new Map([...foundUnder].map(([column, pair]) => [Math.floor(column / 2), pair]));
  conducts.forEach((ok, column) => void (ok && ofPairs.set(Math.floor(column / 2), Math.floor(column / 2))));
  const [mirror] = orderFaults('column', pairs, ofPairs);
  if (mirror?.fault === 'mirrored') {
    const text = 'the columns are mirrored against the enable lines: a connector sits the wrong way round';
    // A column that conducts nowhere leads to a dead one of this die as likely as not: told when the connector is right.
    book.add('columnOrder', 'mirrored', 'column', [...conducts.keys()], text);
    return;
  }
  for (const column of missing) {
    if (foundUnder.has(column)) continue;
    const text = `column ${column} conducts under no enable line: relay, needle or the line on the die is open`;
    book.add('columnLines', 'open', 'column', [column], text);
  }
  const leadsTo = new Map(conducts.flatMap((ok, column): [number, number][] => (ok ? [[column, column]] : [])));
  for (const [column, pair] of foundUnder)
    leadsTo.set(column, await lineIn(subject, column, pair, foundUnder, conducts));
  for (const { fault, lines, text } of orderFaults('column', geometry.columns, leadsTo)) {
    book.add('columnOrder', fault, 'column', lines, text);
  }
}

/** The pair under whose enable line a column conducts; the mirror image and the neighbours are tried first. */
async function pairOf(subject: TestSubject, column: number): Promise<number | null> {
  const { pairs, probe, probeRows, conductingAmps, book } = subject;
  const hanging = book.findings.filter(({ fault }) => fault === 'stuckClosed').flatMap(({ lines }) => lines);
  const answersAnyway = new Set(hanging.map(({ index }) => Math.floor(index / 2)));
  const own = Math.floor(column / 2);
  const distance = (pair: number) => (pair === pairs - 1 - own ? 0 : Math.abs(pair - own));
  const others = Array.from({ length: pairs }, (_, pair) => pair).filter(
    (pair) => pair !== own && !answersAnyway.has(pair),
  );
  for (const pair of others.toSorted((one, other) => distance(one) - distance(other))) {
    for (const row of probeRows) {
      const read = await unlessRefused(async () => {
        await probe.place(pair, { ...routeOf(column), row });
        return await probe.amps(BOTH);
      });
      if (read !== null && Math.abs(read.row) > conductingAmps) return pair;
    }
  }
  return null;
}

/** Which of the two columns of `pair` a column leads to. */
async function lineIn(
  { probe, leakageAmps }: TestSubject,
  column: number,
  pair: number,
  foundUnder: ReadonlyMap<number, number>,
  conducts: readonly boolean[],
): Promise<number> {
  const { a, b } = columnsOfPair(pair);
  const same = column % 2 === 0 ? a : b;
  const opposite = column % 2 === 0 ? b : a;
  // A line of that pair that was found under our own enable line has changed places with ours.
  const own = Math.floor(column / 2);
  const exchanged = [same, opposite].find((other) => foundUnder.get(other) === own);
  if (exchanged !== undefined) return exchanged;
  if (!conducts[opposite]) return same;
  // Two relays on one line join the two channels, even with every cell off.
  await probe.place(null, { ...routeOf(column), ...routeOf(opposite) });
  const read = await probe.amps({ columnA: PROBE_VOLTS });
  return Math.abs(read.columnA) > leakageAmps && Math.abs(read.columnB) > leakageAmps ? opposite : same;
}

function routeOf(column: number): Route {
  return column % 2 === 0 ? { a: column } : { b: column };
}
