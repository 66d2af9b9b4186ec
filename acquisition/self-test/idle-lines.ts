import type { LineKind } from '../../drivers/capabilities.ts';
import { PROBE_VOLTS, RefusedRoute, type Route } from './line-probe.ts';
import { columnsOfPair, type TestSubject, unlessRefused } from './test-subject.ts';

/** Leakage of each column to ground, amperes at the probe voltage; 0 where it could not be routed. */
export interface IdleLines {
  readonly columnLeakAmps: readonly number[];
}

/**
 * Reads the open bench: no crosspoint closed, no enable line high. What flows at 0 V is the instrument's own offset and
 * is taken off all later readings; what the probe voltage adds to it leaks on the card.
 */
export async function openRouteZero({ bench, probe, book, leakageAmps }: TestSubject) {
  probe.useZero({ columnA: 0, columnB: 0, row: 0 });
  await probe.place(null, {});
  const zero = await probe.amps({});
  const live = await probe.amps({ columnA: PROBE_VOLTS, columnB: PROBE_VOLTS });
  const most = (amps: typeof zero) => Math.max(...[amps.columnA, amps.columnB, amps.row].map(Math.abs));
  const zeroAmps = most(zero);
  const openRouteAmps = most(live);
  const { name } = bench.source.identity;
  const text = `${zeroAmps.toExponential(1)} A at 0 V, ${openRouteAmps.toExponential(1)} A at ${PROBE_VOLTS} V`;
  if (openRouteAmps > leakageAmps) {
    book.add('openRouteZero', 'offset', 'row', [], `${name} reads ${text} with every crosspoint open: cable or card`);
  }
  book.close('openRouteZero', 'passed', text);
  probe.useZero(zero);
  return { zeroAmps, openRouteAmps };
}

/**
 * Walks every route with all enable lines low: no cell conducts, so any current is a leak to ground or a path between two
 * lines. Also tries every relay: a route that the router refuses names its relay. Returns null when a relay cannot be
 * opened: then no route is what it says and nothing else can be tested.
 */
export async function walkIdleLines(subject: TestSubject): Promise<IdleLines | null> {
  const { geometry, pairs, probe, book, leakageAmps } = subject;
  const columnLeakAmps: number[] = new Array(geometry.columns).fill(0);
  for (let row = 0; row < geometry.rows; row++) {
    if (!(await tryRoute(subject, { row }))) {
      if (book.has('stuckClosed')) return null;
      continue;
    }
    const { row: amps } = await probe.amps({ row: PROBE_VOLTS });
    if (Math.abs(amps) > leakageAmps) noteLeak(subject, 'row', row, amps);
  }
  for (let pair = 0; pair < pairs; pair++) {
    const { a, b } = columnsOfPair(pair);
    if (!(await tryRoute(subject, { a, b }))) {
      if (book.has('stuckClosed')) return null;
      continue;
    }
    const one = await probe.amps({ columnA: PROBE_VOLTS });
    const other = await probe.amps({ columnB: PROBE_VOLTS });
    if (isJoined(one.columnA, one.columnB, leakageAmps)) {
      // Open cells join the columns through the rows: an enable line that stays high, named by the walk that follows.
      if (await conductsToRow(subject, { a, b })) continue;
      const text = `columns ${a} and ${b} are joined: shorted together, or one wire serves both`;
      book.add('columnLines', 'shorted', 'column', [a, b], text);
      continue;
    }
    columnLeakAmps[a] = one.columnA;
    columnLeakAmps[b] = other.columnB;
    for (const column of [a, b]) {
      if (Math.abs(columnLeakAmps[column]) > leakageAmps) noteLeak(subject, 'column', column, columnLeakAmps[column]);
    }
    const next = a + 2;
    if (next >= geometry.columns || !(await tryRoute(subject, { a: next, b }))) continue;
    const across = await probe.amps({ columnB: PROBE_VOLTS });
    if (isJoined(across.columnB, across.columnA, leakageAmps)) {
      book.add('columnLines', 'shorted', 'column', [b, next], `columns ${b} and ${next} are shorted together`);
    }
  }
  return { columnLeakAmps };
}

async function conductsToRow({ probe, probeRows, conductingAmps }: TestSubject, route: Route): Promise<boolean> {
  for (const row of probeRows) {
    const read = await unlessRefused(async () => {
      await probe.place(null, { ...route, row });
      return await probe.amps({ columnA: PROBE_VOLTS, columnB: PROBE_VOLTS });
    });
    if (read !== null && Math.abs(read.row) > conductingAmps) return true;
  }
  return false;
}

/** What goes in on one line comes out of the other. */
function isJoined(into: number, outOf: number, leakageAmps: number): boolean {
  return Math.abs(into) > leakageAmps && Math.abs(into + outOf) < 0.5 * Math.abs(into);
}

function noteLeak({ book }: TestSubject, kind: LineKind, index: number, amps: number): void {
  const kiloohms = (PROBE_VOLTS / Math.abs(amps) / 1e3).toPrecision(3);
  const check = kind === 'row' ? 'rowLines' : 'columnLines';
  book.add(check, 'leaking', kind, [index], `${kind} ${index} leaks to ground through about ${kiloohms} kΩ`);
}

/**
 * With the needles up: whether the router opens what it is told to. False when a relay reads back as closed; it is named in
 * the book and no needle should touch.
 */
export async function relaysOpen(subject: TestSubject): Promise<boolean> {
  await tryRoute(subject, { row: 0 });
  await tryRoute(subject, {});
  return !subject.book.has('stuckClosed');
}

/** True when the route stands; otherwise the relay to blame is in the book. */
async function tryRoute(subject: TestSubject, route: Route): Promise<boolean> {
  const { probe, bench, book } = subject;
  try {
    await probe.place(null, route);
    return true;
  } catch (error) {
    if (!(error instanceof RefusedRoute)) throw error;
  }
  // After a refusal the router opens what it can: what then still reads back as closed is stuck.
  const closed = await bench.router.readState(new AbortController().signal);
  for (const { kind, index } of closed) {
    const check = kind === 'row' ? 'rowLines' : 'columnLines';
    book.add(
      check,
      'stuckClosed',
      kind,
      [index],
      `the relay of ${kind} ${index} reads back as closed and does not open`,
    );
  }
  if (closed.length > 0) return false;
  for (const [key, index] of Object.entries(route) as ['row' | 'a' | 'b', number][]) {
    try {
      await probe.place(null, { [key]: index });
    } catch (error) {
      if (!(error instanceof RefusedRoute)) throw error;
      const kind = key === 'row' ? 'row' : 'column';
      const check = kind === 'row' ? 'rowLines' : 'columnLines';
      if (!book.names(kind, index)) {
        book.add(
          check,
          'stuckOpen',
          kind,
          [index],
          `the relay of ${kind} ${index} reads back as open and does not close`,
        );
      }
    }
  }
  return false;
}
