import { setTimeout as sleepFor } from 'node:timers/promises';
import { type Bench, SOURCE_CHANNELS } from '../drivers/capabilities.ts';
import { SUPPLY_NAMES } from '../wafer/pad-map.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** The steps of a safe exit, in their order. */
export type SafeStepName = 'source' | 'enableLines' | 'routes' | 'supplies' | 'chuck';

/**
 * `confirmed`: read back. `assumed`: the longest time the armed sweep could take has passed, after which the source
 * idles at 0 V by itself. `failed`: tried, not confirmed. `notTried`: the step before it left it unsafe to try.
 */
export type SafeStepOutcome = 'confirmed' | 'assumed' | 'failed' | 'notTried';

export interface SafeStep {
  readonly name: SafeStepName;
  readonly outcome: SafeStepOutcome;
  readonly detail: string;
  readonly at: string;
}

/** State of the bench as a session leaves it; stored as JSON with the session. */
export interface SafeState {
  readonly verdict: 'safe' | 'assumed' | 'unsafe';
  readonly at: string;
  readonly steps: readonly SafeStep[];
}

export interface SafeExitTiming {
  /** Longest wait for one step. */
  readonly stepMs: number;
  /** Times the link to the source is reopened and tried again. */
  readonly retries: number;
  readonly sleep: (seconds: number) => Promise<void>;
}

export const DEFAULT_SAFE_EXIT: SafeExitTiming = {
  stepMs: 15_000,
  retries: 2,
  sleep: async (seconds) => void (await sleepFor(seconds * 1000)),
};

/** 0 V as a source reads back its own level. */
const ZERO_VOLTS = 1e-6;
/** A supply that is off may float a little. */
const SUPPLY_OFF_VOLTS = 0.05;

/**
 * Leaves the bench safe, whatever state it is in and whatever was the reason: source aborted, at 0 V and off, confirmed by
 * reading back; enable lines low; crosspoints open; supplies off; separated. Never rejects: what could not be done is in
 * the result. It takes no caller's signal, because it must also run after an abort.
 */
export async function safeExit(bench: Bench, timing: SafeExitTiming = DEFAULT_SAFE_EXIT): Promise<SafeState> {
  const steps: SafeStep[] = [];
  const outcomes = new Map<SafeStepName, SafeStepOutcome>();
  const note = (name: SafeStepName, outcome: SafeStepOutcome, detail: string) => {
    outcomes.set(name, outcome);
    steps.push({ name, outcome, detail, at: new Date().toISOString() });
  };
  const reached = (...names: SafeStepName[]) =>
    names.every((name) => outcomes.get(name) === 'confirmed' || outcomes.get(name) === 'assumed');

  const source = await quietSource(bench, timing);
  note('source', source.outcome, source.detail);

  const attempt = async (name: SafeStepName, needs: SafeStepName[], step: Step, reopen: Step) => {
    if (!reached(...needs)) {
      const missing = needs.filter((need) => !reached(need));
      note(name, 'notTried', `needs ${missing.join(' and ')} first`);
      return;
    }
    const { outcome, detail } = await withOneRetry(step, reopen, timing);
    note(name, outcome, detail);
  };
  await attempt(
    'enableLines',
    ['source'],
    (signal) => linesLow(bench, signal),
    (signal) => bench.enableLines.reopen(signal),
  );
  await attempt(
    'routes',
    ['source'],
    (signal) => routesOpen(bench, signal),
    (signal) => bench.router.reopen(signal),
  );
  // A gate that may still be high must not lose its supply, and needles must not break contact under a live supply.
  await attempt(
    'supplies',
    ['enableLines'],
    (signal) => suppliesOff(bench, signal),
    (signal) => bench.supplies.reopen(signal),
  );
  await attempt(
    'chuck',
    ['source', 'enableLines', 'supplies'],
    (signal) => separated(bench, signal),
    (signal) => bench.prober.reopen(signal),
  );
  return { verdict: verdictOf(steps), at: new Date().toISOString(), steps };
}

type Step = (signal: AbortSignal) => Promise<unknown>;
type StepResult = { outcome: SafeStepOutcome; detail: string };

async function quietSource(bench: Bench, timing: SafeExitTiming): Promise<StepResult> {
  const { source } = bench;
  const quiet = async () => await sourceOff(bench, AbortSignal.timeout(timing.stepMs));
  let last: unknown;
  try {
    return { outcome: 'confirmed', detail: await quiet() };
  } catch (error) {
    last = error;
  }
  for (let i = 0; i < timing.retries; i++) {
    try {
      await source.reopen(AbortSignal.timeout(timing.stepMs));
      return { outcome: 'confirmed', detail: `${await quiet()}, after reopening the link` };
    } catch (error) {
      last = error;
    }
  }
  await timing.sleep(source.longestSweepSeconds);
  try {
    await source.reopen(AbortSignal.timeout(timing.stepMs));
    return { outcome: 'confirmed', detail: `${await quiet()}, after waiting out the sweep` };
  } catch (error) {
    last = error;
  }
  const waited = source.longestSweepSeconds.toFixed(1);
  const detail = `waited ${waited} s for the armed sweep to end at 0 V; not confirmed: ${textOf(last)}`;
  return { outcome: 'assumed', detail };
}

async function withOneRetry(step: Step, reopen: Step, { stepMs }: SafeExitTiming): Promise<StepResult> {
  try {
    return { outcome: 'confirmed', detail: String(await step(AbortSignal.timeout(stepMs))) };
  } catch {
    // A link that broke under the session is reopened once; the second failure is the one reported.
  }
  try {
    await reopen(AbortSignal.timeout(stepMs));
    const detail = await step(AbortSignal.timeout(stepMs));
    return { outcome: 'confirmed', detail: `${detail}, after reopening the link` };
  } catch (error) {
    return { outcome: 'failed', detail: textOf(error) };
  }
}

/** Source aborted, at 0 V, off; throws TB_BENCH_NOT_SAFE when the read-back says otherwise. */
export async function sourceOff({ source }: Bench, signal: AbortSignal): Promise<string> {
  await source.makeSafe(signal);
  const state = await source.readState(signal);
  const live = SOURCE_CHANNELS.filter((channel) => isLive(state[channel]));
  if (live.length > 0) throw notSafe(source.identity.name, 'an output is still on', live.join(', '), 'off at 0 V');
  return 'outputs off at 0 V';
}

function isLive({ outputOn, levelVolts, busy }: { outputOn: boolean; levelVolts: number; busy: boolean }): boolean {
  return outputOn || busy || Math.abs(levelVolts) > ZERO_VOLTS;
}

export async function linesLow({ enableLines }: Bench, signal: AbortSignal): Promise<string> {
  await enableLines.enable(null, signal);
  const { enabled } = await enableLines.readState(signal);
  if (enabled !== null) throw notSafe(enableLines.identity.name, 'an enable line is still high', `${enabled}`, 'none');
  return 'all enable lines low';
}

export async function routesOpen({ router }: Bench, signal: AbortSignal): Promise<string> {
  await router.connect([], signal);
  const closed = await router.readState(signal);
  if (closed.length > 0) throw notSafe(router.identity.name, 'crosspoints are still closed', `${closed.length}`, '0');
  return 'all crosspoints open';
}

/** Supplies off in the reverse of their order; each is tried even when another refuses. */
export async function suppliesOff({ supplies }: Bench, signal: AbortSignal): Promise<string> {
  const failures: unknown[] = [];
  for (const output of SUPPLY_NAMES) {
    try {
      await supplies.setOn(output, false, signal);
      const { on, measuredVolts } = await supplies.readState(output, signal);
      if (!on && Math.abs(measuredVolts) <= SUPPLY_OFF_VOLTS) continue;
      failures.push(notSafe(supplies.identity.name, `${output} is still live`, `${measuredVolts} V`, 'off'));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return 'supplies off';
}

export async function separated({ prober }: Bench, signal: AbortSignal): Promise<string> {
  await prober.separate(signal);
  const { height } = await prober.readState(signal);
  if (height !== 'separation') throw notSafe(prober.identity.name, 'not separated', height, 'separation');
  return 'separated';
}

function verdictOf(steps: readonly SafeStep[]): SafeState['verdict'] {
  if (steps.some(({ outcome }) => outcome === 'failed' || outcome === 'notTried')) return 'unsafe';
  return steps.some(({ outcome }) => outcome === 'assumed') ? 'assumed' : 'safe';
}

function notSafe(thing: string, what: string, value: string, expected: string): TunnelbenchError {
  const remedy = 'Check the instrument at its front panel before touching the bench.';
  return new TunnelbenchError('TB_BENCH_NOT_SAFE', { thing, what, value, expected, remedy });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
