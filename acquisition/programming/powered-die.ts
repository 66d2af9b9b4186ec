import type { InstrumentRecord } from '../../db/records.ts';
import type { Bench } from '../../drivers/capabilities.ts';
import type { DieSite } from '../../wafer/die.ts';
import { dieLabel } from '../../wafer/die.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { identifyBench } from '../bench-examination.ts';
import { contactDie, releaseDie } from '../die-contact.ts';
import { checkFingerprint, type KnownCell } from '../die-fingerprint.ts';
import { configureBench } from '../die-power.ts';
import { PairRoute } from '../pair-route.ts';
import type { Plan } from '../plan.ts';
import { DEFAULT_SAFE_EXIT, type SafeExitTiming, type SafeState, safeExit } from '../safe-exit.ts';
import { asError, notSafe } from '../session-end.ts';
import type { StopRequest } from '../stop-request.ts';
import { DieCells } from './die-cells.ts';

/** What work on one die is given, whatever it does with the cells. */
export interface DieWorkOptions extends Omit<PoweredDieOptions, 'earlierTouchdowns' | 'onTouchdown'> {
  /** Touchdowns that the die has had in its life; null where nobody knows: then those of the journal count. */
  readonly earlierTouchdowns: number | null;
  /** Also told of every touchdown before it: whoever keeps the die's life has it on the disk when it resolves. */
  readonly onTouchdown: (total: number) => Promise<void>;
}

export interface PoweredDieOptions {
  /** Opened and identified, nothing energised; its state is taken as unknown. */
  readonly bench: Bench;
  /** Recipe, limits and the one die, its first. */
  readonly plan: Plan;
  /** By which the die is known before anything is pulsed. */
  readonly known: readonly KnownCell[];
  readonly stop: StopRequest;
  /** Touchdowns that the die has had before. */
  readonly earlierTouchdowns: number;
  /** Called before the needles touch; durable when it resolves. */
  readonly onTouchdown: (total: number) => Promise<void>;
  readonly onWarning: (text: string) => void;
  readonly safeExitTiming?: SafeExitTiming;
}

/** What the work is given: the die's cells, and who the instruments are. */
export interface PoweredDie {
  readonly die: DieSite;
  readonly cells: DieCells;
  readonly instruments: readonly InstrumentRecord[];
}

export interface PoweredDieOutcome<T> {
  /** What the work returned; null when it failed. */
  readonly result: T | null;
  readonly error: Error | null;
  readonly safeState: SafeState;
}

/** Safe state of work that found everything done already. */
export const NOTHING_TOUCHED: SafeState = { verdict: 'safe', at: '', steps: [] };

/**
 * Contacts and powers one die, recognises it, lets `work` have its cells, and leaves the bench safe whatever happens: before
 * and after, with the retries of the recipe for the contact. Never rejects; what went wrong is in the outcome.
 */
export async function withPoweredDie<T>(
  options: PoweredDieOptions,
  work: (powered: PoweredDie) => Promise<T>,
): Promise<PoweredDieOutcome<T>> {
  const { bench, stop, safeExitTiming = DEFAULT_SAFE_EXIT } = options;
  let result: T | null = null;
  let error: Error | null = null;
  try {
    result = await onDie(options, work, safeExitTiming);
  } catch (thrown) {
    error = asError(stop.signal.aborted ? stop.signal.reason : thrown);
  }
  const safeState = await safeExit(bench, safeExitTiming);
  if (safeState.verdict !== 'safe') error ??= notSafe(safeState, 'repeat the command');
  return { result, error, safeState };
}

async function onDie<T>(
  { bench, plan, known, stop, earlierTouchdowns, onTouchdown, onWarning }: PoweredDieOptions,
  work: (powered: PoweredDie) => Promise<T>,
  timing: SafeExitTiming,
): Promise<T> {
  const { signal } = stop;
  const [die] = plan.dies;
  requirePairAccess(bench, plan);
  const before = await safeExit(bench, timing);
  if (before.verdict !== 'safe') throw notSafe(before, 'repeat the command');
  signal.throwIfAborted();
  const { instruments, errors } = await identifyBench(bench, plan, '', signal);
  for (const queued of errors) onWarning(`queued before: ${queued}`);
  await configureBench(bench, plan, signal);
  const route = new PairRoute(bench, (line, { leakageAmps }) => {
    if (Math.abs(leakageAmps) <= plan.recipe.enable.leakageAlarmAmps) return;
    onWarning(`gate leakage of enable line ${line}: ${leakageAmps.toExponential(2)} A`);
  });
  const watcher = {
    touchdown: onTouchdown,
    checked: async (check: { readonly passed: boolean; readonly reason: string }, attempt: string) => {
      if (!check.passed) onWarning(`contact check failed (${attempt}): ${check.reason}`);
    },
  };
  const contact = await contactDie(bench, plan, die, route, earlierTouchdowns, watcher, signal);
  if (!contact.passed) throw noContact(die, contact.checks.at(-1)?.reason ?? 'no contact');
  await checkFingerprint(bench, plan, die, known, [], route, signal);
  const result = await work({ die, cells: new DieCells(bench, plan, route, signal), instruments });
  await releaseDie(bench, route, signal);
  return result;
}

/** A cell is pulsed while its partner stands at half the voltage: that takes a channel for each column and one for the row. */
function requirePairAccess({ source }: Bench, { bench, recipe }: Plan): void {
  const { columnsPerEnableLine } = bench.geometry;
  if (columnsPerEnableLine === 2 && recipe.access === 'pair' && source.accessSchemes.includes('pair')) return;
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: source.identity.name,
    what: 'single cells are written with both columns and the row on channels of their own',
    value: `access ${recipe.access}, ${source.accessSchemes.join(', ')} on the source, ${columnsPerEnableLine} columns an enable line`,
    expected: 'the scheme pair, two columns an enable line',
    remedy: 'Use a bench with three source channels.',
  });
}

function noContact(die: DieSite, reason: string): TunnelbenchError {
  return new TunnelbenchError('TB_CONTACT_FAILED', {
    thing: `die ${dieLabel(die)}`,
    what: 'the needles make no contact',
    value: reason,
    remedy: 'Clean the needles, check the overdrive, then repeat the command: it goes on where it was.',
  });
}
