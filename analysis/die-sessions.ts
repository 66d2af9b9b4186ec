import type { SessionRecord } from '../db/records.ts';
import type { WaferReader } from '../db/wafer-reader.ts';

/** Sessions with an attempt on the die, in the order they were started; the last one that measured it is last. */
export function sessionsOfDie(reader: WaferReader, dieOrdinal: number): SessionRecord[] {
  return reader.sessions().filter(({ id }) => reader.attempts(id).some((attempt) => attempt.dieOrdinal === dieOrdinal));
}
