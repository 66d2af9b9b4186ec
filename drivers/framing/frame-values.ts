import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { InstrumentIdentity } from '../capabilities.ts';
import type { FramedLink } from './framed-link.ts';
import { parseIdentity } from './instrument-identity.ts';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A finite decimal number, or TB_REPLY_MALFORMED naming the question. */
export function readFrameNumber(thing: string, question: string, field: string | undefined): number {
  const value = field !== undefined && NUMBER.test(field) ? Number(field) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new TunnelbenchError('TB_REPLY_MALFORMED', {
    thing,
    what: `the reply to ${question} is not a number`,
    value: field === undefined ? 'nothing' : JSON.stringify(field),
    expected: 'a decimal number',
    remedy: 'Check that the device is the one that the bench file names.',
  });
}

export async function readFrameIdentity(
  link: FramedLink,
  place: Pick<InstrumentIdentity, 'name' | 'resource' | 'driver'>,
  signal: AbortSignal,
): Promise<InstrumentIdentity> {
  const values = await link.question('IDN?', signal);
  return parseIdentity(values.join(' '), place);
}
