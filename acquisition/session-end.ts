import type { SessionEnd } from '../db/records.ts';
import type { Bench } from '../drivers/capabilities.ts';
import { type ErrorCode, TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { SafeState } from './safe-exit.ts';

/** The session ended by its own rules: the data are good, somebody must look. */
const STOPPED_BY_RULE: readonly ErrorCode[] = ['TB_LOSS_LIMIT', 'TB_CONTACT_FAILED', 'TB_TOUCHDOWN_LIMIT'];

export function endFor(error: Error): SessionEnd {
  if (!(error instanceof TunnelbenchError)) return 'failed';
  if (error.code === 'TB_ABORTED') return 'aborted';
  return STOPPED_BY_RULE.includes(error.code) ? 'stopped' : 'failed';
}

/** `andThen`: what follows when somebody has been at the bench. */
export function notSafe({ steps, verdict }: SafeState, andThen = 'resume'): TunnelbenchError {
  const open = steps.filter(({ outcome }) => outcome !== 'confirmed');
  return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
    thing: 'bench',
    what: `the bench could not be confirmed safe (${verdict})`,
    value: open.map(({ name, outcome, detail }) => `${name} ${outcome}: ${detail}`).join('; '),
    expected: 'outputs off, enable lines low, supplies off, separated, all read back',
    remedy: `Go to the bench, check output, gate and chuck by hand, then ${andThen}.`,
  });
}

export function noQuickReads({ source }: Bench): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: source.identity.name,
    what: 'the driver runs no quick reads, so it cannot execute an adaptive plan',
    value: source.identity.driver,
    expected: 'a driver with quick reads, e.g. keithley-2600',
    remedy: 'Measure with --plan full.',
  });
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
