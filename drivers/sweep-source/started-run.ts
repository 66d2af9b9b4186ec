import type { PairReading, SweepRun } from '../capabilities.ts';
import { cannot } from './source-errors.ts';

const LARGEST_TOKEN = 2 ** 31;

/** A sweep whose body calls back when all channels are confirmed at 0 V. */
export function startedRun(body: (onIdle: () => void) => Promise<PairReading>): SweepRun {
  const idle = Promise.withResolvers<void>();
  const reading = body(idle.resolve);
  reading.catch(idle.reject);
  // Both promises fail together; a caller that awaits one only must not see the other as unhandled.
  idle.promise.catch(() => {});
  return { idle: idle.promise, reading };
}

export function checkToken(thing: string, token: number): void {
  if (Number.isInteger(token) && token >= 1 && token <= LARGEST_TOKEN) return;
  throw cannot(thing, 'a token is out of bounds', `${token}`, '1…2^31');
}
