import { setTimeout as sleep } from 'node:timers/promises';
import type { Prober } from '../drivers/capabilities.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { LotWafer } from './lot-file.ts';
import type { StopRequest } from './stop-request.ts';

/** What the operator answers when asked to load a wafer. */
export type LoadAnswer = 'loaded' | 'skip' | 'end';

/**
 * Asks the operator to load the first wafer that is left, and takes whichever wafer of those left then lies on the chuck:
 * its id decides, not the order. A wafer that is skipped is asked for no more. Null when nothing is left or the operator
 * ends.
 */
export async function askForWafer(
  prober: Prober,
  left: readonly LotWafer[],
  ask: (wafer: LotWafer, found: string) => Promise<LoadAnswer>,
  stop: StopRequest,
): Promise<LotWafer | null> {
  let waiting = left;
  while (waiting.length > 0 && stop.reason === null) {
    const answer = await ask(waiting[0], foundText(await prober.readWaferId(stop.signal), left));
    if (answer === 'end') return null;
    if (answer === 'skip') {
      waiting = waiting.slice(1);
      continue;
    }
    const id = await prober.readWaferId(stop.signal);
    const there = waiting.find((wafer) => wafer.id === id);
    if (there !== undefined) return there;
  }
  return null;
}

/**
 * Waits until the cassette has put a wafer of those left on the chuck. Null when the session is asked to stop. Throws
 * TB_NO_WAFER when none has come within `mostSeconds`.
 */
export async function awaitWafer(
  prober: Prober,
  left: readonly LotWafer[],
  mostSeconds: number,
  stop: StopRequest,
  pollSeconds = 2,
): Promise<LotWafer | null> {
  const until = performance.now() + mostSeconds * 1000;
  let id = '';
  while (stop.reason === null) {
    id = await prober.readWaferId(stop.signal);
    const there = left.find((wafer) => wafer.id === id);
    if (there !== undefined) return there;
    if (performance.now() >= until) throw noWafer(id, left, mostSeconds);
    const waited = new AbortController();
    await Promise.race([
      sleep(pollSeconds * 1000, undefined, { signal: waited.signal }).catch(() => {}),
      stop.whenEnding,
    ]);
    waited.abort();
  }
  return null;
}

/** What lies on the chuck now, in words. */
function foundText(id: string, left: readonly LotWafer[]): string {
  if (id === '') return 'the prober reports no wafer';
  const known = left.some((wafer) => wafer.id === id);
  return `the prober reports ${id}${known ? '' : ', which is not left to be measured'}`;
}

function noWafer(found: string, left: readonly LotWafer[], mostSeconds: number): TunnelbenchError {
  return new TunnelbenchError('TB_NO_WAFER', {
    thing: 'lot',
    what: `no wafer that is left came to lie on the chuck within ${Math.round(mostSeconds)} s`,
    value: found === '' ? 'no wafer id' : found,
    expected: left.map(({ id }) => id).join(', '),
    remedy: 'Look at the cassette and at the wafer ids of the lot file; then run the same command again.',
  });
}
