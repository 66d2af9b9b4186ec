import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Wait } from './transport.ts';

/** TB_LINK_TIMEOUT: what was awaited, and the beginning of what had arrived. */
export function timeoutError(
  thing: string,
  { awaited, timeoutSeconds }: Omit<Wait, 'signal'>,
  held: Buffer,
): TunnelbenchError {
  const head = held
    .subarray(0, 80)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]/g, '.');
  const more = held.length > 80 ? '…' : '';
  return new TunnelbenchError('TB_LINK_TIMEOUT', {
    thing,
    what: `no complete reply within ${timeoutSeconds} s`,
    value: held.length === 0 ? 'nothing arrived' : `${held.length} bytes arrived: "${head}${more}"`,
    expected: awaited,
    remedy:
      'Check that the instrument is on, not in local mode and not waiting for a trigger; the link must be reopened.',
  });
}

/** TB_LINK_LOST, with what the system says. */
export function lostError(thing: string, why: string, cause?: unknown): TunnelbenchError {
  return new TunnelbenchError(
    'TB_LINK_LOST',
    {
      thing,
      what: 'the link to the instrument is lost',
      value: why,
      remedy: 'Check cable and instrument; the bench must be made safe over a reopened link before work goes on.',
    },
    { cause },
  );
}
