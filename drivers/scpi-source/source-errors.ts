import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { ChannelState } from '../capabilities.ts';

export function notVerified(
  thing: string,
  what: string,
  value: string,
  expected = 'configure() before anything is switched on or swept',
): TunnelbenchError {
  return new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
    thing,
    what,
    value,
    expected,
    remedy: 'Nothing is swept with a limit that is not confirmed. Check that limit and range exist on this model.',
  });
}

export function unsafe(thing: string, what: string, state: ChannelState): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
    thing,
    what,
    value: stateText(state),
    remedy: 'Do not move relays or needles; switch the instrument off by hand if it does not follow.',
  });
}

export function cannot(thing: string, what: string, value: string, expected: string): TunnelbenchError {
  const remedy = 'Correct the bench file or the recipe.';
  return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', { thing, what, value, expected, remedy });
}

export function stateText({ outputOn, levelVolts, limitAmps, sourceRangeVolts }: ChannelState): string {
  return `output ${outputOn ? 'on' : 'off'}, ${levelVolts} V, limit ${limitAmps} A, source range ${sourceRangeVolts} V`;
}
