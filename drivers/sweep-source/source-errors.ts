import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { ChannelState } from '../capabilities.ts';

const NOT_CONFIGURED = 'ranges and limits were not set and read back since the link was opened';

/** TB_LIMIT_NOT_VERIFIED: a limit or range does not read back what was set. */
export function notVerified(thing: string, what: string, value: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
    thing,
    what,
    value,
    expected,
    remedy: 'Nothing is swept with a limit that is not confirmed. Check that limit and range exist on this model.',
  });
}

export function notConfigured(thing: string): TunnelbenchError {
  return notVerified(thing, NOT_CONFIGURED, 'nothing', 'configure() before anything is switched on or swept');
}

/** TB_BENCH_NOT_SAFE: an output does not follow. */
export function unsafe(thing: string, what: string, state: ChannelState): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
    thing,
    what,
    value: stateText(state),
    remedy: 'Do not move relays or needles; switch the instrument off by hand if it does not follow.',
  });
}

/** TB_BENCH_CANNOT_REALISE: what was asked for is not possible on this source. */
export function cannot(thing: string, what: string, value: string, expected: string): TunnelbenchError {
  const remedy = 'Correct the bench file or the recipe.';
  return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', { thing, what, value, expected, remedy });
}

export function stateText({ outputOn, levelVolts, limitAmps, sourceRangeVolts }: ChannelState): string {
  return `output ${outputOn ? 'on' : 'off'}, ${levelVolts} V, limit ${limitAmps} A, source range ${sourceRangeVolts} V`;
}
