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

/**
 * One answer to SYSTem:ERRor?: "code text", or null for an empty queue. A code of 0 counts only with the text that belongs
 * to it: a damaged digit must not hide an error. TB_REPLY_MALFORMED on any other form.
 */
export function scpiErrorEntry(thing: string, line: string): string | null {
  const parsed = /^([+-]?\d+),\s*"?(.*?)"?$/.exec(line.trim());
  const empty = parsed !== null && /^no error\b/i.test(parsed[2]);
  if (parsed !== null && empty === (Number(parsed[1]) === 0)) return empty ? null : `${Number(parsed[1])} ${parsed[2]}`;
  throw new TunnelbenchError('TB_REPLY_MALFORMED', {
    thing,
    what: 'the reply to SYST:ERR? has another form',
    value: JSON.stringify(line.slice(0, 120)),
    expected: 'code,"text"; 0 with "No error"',
    remedy:
      'The reply is not used; the link must be reopened. Check that the device is the one that the bench file names.',
  });
}
