import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** More entries than any error queue holds: a queue that never empties is not a queue. */
const MOST_ENTRIES = 100;

/** Reads a queue entry by entry until it is empty; returns the entries, oldest first. */
export async function drainQueue(thing: string, next: () => Promise<string | null>): Promise<string[]> {
  const entries: string[] = [];
  for (let entry = await next(); entry !== null; entry = await next()) {
    entries.push(entry);
    if (entries.length <= MOST_ENTRIES) continue;
    throw new TunnelbenchError('TB_INSTRUMENT_ERROR', {
      thing,
      what: `the error queue did not empty within ${MOST_ENTRIES} entries`,
      value: entry,
      remedy: 'Switch the instrument off and on.',
    });
  }
  return entries;
}

/** Throws TB_INSTRUMENT_ERROR when the queue held anything. */
export function refuseErrors(thing: string, doing: string, entries: readonly string[]): void {
  if (entries.length === 0) return;
  throw new TunnelbenchError('TB_INSTRUMENT_ERROR', {
    thing,
    what: `reported errors after ${doing}`,
    value: entries.join('; '),
    expected: 'an empty error queue',
    remedy: "Look the code up in the instrument's manual; nothing was switched on.",
  });
}
