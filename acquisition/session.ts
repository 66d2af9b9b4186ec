import { v7 as uuidV7 } from 'uuid';
import type { SessionEnd, SessionFields } from '../db/records.ts';
import type { Bench } from '../drivers/capabilities.ts';
import type { DieSite } from '../wafer/die.ts';
import { type ErrorCode, TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { examineBench, identifyBench, whatIsLive } from './bench-examination.ts';
import type { Classifier } from './classifier.ts';
import { configureBench } from './die-power.ts';
import type { DieSummary } from './die-summary.ts';
import { type DieContext, visitDie } from './die-visit.ts';
import { EventLog } from './event-log.ts';
import { NeedleWatch } from './needle-watch.ts';
import { PairRoute } from './pair-route.ts';
import { cellsPerDie, type FrozenPlan } from './plan.ts';
import { type MeasurementProgress, ProgressMeter } from './progress.ts';
import { type Recorded, RecordStream } from './record-stream.ts';
import { DEFAULT_SAFE_EXIT, type SafeExitTiming, type SafeState, safeExit } from './safe-exit.ts';
import { type EarlierWork, NOTHING_EARLIER, type SessionStore } from './session-store.ts';
import { StopRequest } from './stop-request.ts';

export interface SessionOptions {
  /** Opened and identified, nothing energised; its state is taken as unknown. */
  readonly bench: Bench;
  readonly frozen: FrozenPlan;
  readonly store: SessionStore;
  readonly fields: SessionFields;
  readonly classifier: Classifier;
  readonly softwareVersion: string;
  /** Bench file text and whatever else describes the bench, as JSON. */
  readonly benchJson: string;
  /** What earlier sessions of this plan left; given by a resume, which does not store the plan again. */
  readonly earlier?: EarlierWork;
  /** The plan measures cells again; it is new to the file although there is earlier work. */
  readonly retest?: boolean;
  readonly stop?: StopRequest;
  readonly onProgress?: (progress: MeasurementProgress) => void;
  /** After each die that was measured to its end. */
  readonly onDieFinished?: (summary: DieSummary) => void;
  /** Rows after they were handed to the writer: live plots, adaptive plans. */
  readonly onRecorded?: (rows: Recorded) => void;
  readonly now?: () => number;
  readonly safeExitTiming?: SafeExitTiming;
}

export interface SessionOutcome {
  readonly sessionId: string;
  readonly end: SessionEnd;
  /** Why the session did not finish, or null. */
  readonly error: Error | null;
  readonly safeState: SafeState;
  readonly progress: MeasurementProgress;
  readonly losses: number;
}

/** The session ended by its own rules: the data are good, somebody must look. */
const STOPPED_BY_RULE: readonly ErrorCode[] = ['TB_LOSS_LIMIT', 'TB_CONTACT_FAILED', 'TB_TOUCHDOWN_LIMIT'];

/**
 * Executes a plan on a bench and stores what it measures. Whatever happens after the session was begun, the bench is made
 * safe and the outcome says how that went; rejects only when the session could not be stored at all.
 */
export async function runSession(options: SessionOptions): Promise<SessionOutcome> {
  const session = new Session(options);
  return await session.run();
}

class Session {
  readonly #options: SessionOptions;
  readonly #id = uuidV7();
  readonly #stop: StopRequest;
  readonly #now: () => number;
  readonly #events: EventLog;
  readonly #stream: RecordStream;
  readonly #route: PairRoute;
  readonly #meter: ProgressMeter;
  readonly #needles: NeedleWatch;
  readonly #earlier: EarlierWork;
  readonly #failedWatchers = new Set<string>();
  #die: DieSite | null = null;
  #losses = 0;

  constructor(options: SessionOptions) {
    const { frozen, store, classifier, bench } = options;
    const { plan } = frozen;
    this.#options = options;
    this.#stop = options.stop ?? new StopRequest();
    this.#now = options.now ?? Date.now;
    this.#earlier = options.earlier ?? NOTHING_EARLIER;
    this.#events = new EventLog(store, this.#id, this.#now);
    this.#stream = new RecordStream(plan, classifier, store);
    this.#meter = new ProgressMeter(cellsPerDie(plan) * plan.dies.length, plan.dies.length, this.#now);
    this.#needles = new NeedleWatch(plan.bench.geometry);
    this.#route = new PairRoute(bench, (line, { leakageAmps }) => this.#checkGate(line, leakageAmps));
    this.#stream.recorded.subscribe({
      next: ({ cells }) => {
        for (const cell of cells) {
          this.#meter.countCell(cell.class);
          this.#needles.cell(cell.cell, cell.class === 'open');
        }
      },
      error: () => {},
    });
    const { onRecorded } = options;
    if (onRecorded) {
      const next = (rows: Recorded) => this.#tellWatcher('recorded', () => onRecorded(rows));
      this.#stream.recorded.subscribe({ next, error: () => {} });
    }
  }

  async run(): Promise<SessionOutcome> {
    const { store, bench } = this.#options;
    await this.#begin();
    // A writer that dies ends every wait of the session at once.
    store.failure.catch((error: unknown) => this.#stop.abort(asError(error)));
    let end: SessionEnd = 'finished';
    let error: Error | null = null;
    try {
      if ((await this.#measure()) === 'stopped') end = 'stopped';
    } catch (thrown) {
      error = this.#causeOf(thrown);
      end = endFor(error);
    }
    this.#stream.end();
    const safeState = await safeExit(bench, this.#options.safeExitTiming ?? DEFAULT_SAFE_EXIT);
    error ??= safeState.verdict === 'safe' ? null : notSafe(safeState);
    const closing = await this.#close(end, error, safeState);
    if (closing !== null) {
      error = closing;
      end = 'failed';
    }
    return { sessionId: this.#id, end, error, safeState, progress: this.#meter.snapshot(), losses: this.#losses };
  }

  async #begin(): Promise<void> {
    const { store, frozen, fields, softwareVersion, benchJson, earlier, retest = false } = this.#options;
    if (earlier === undefined || retest) await store.addPlan(frozen.record);
    await store.addSession({
      id: this.#id,
      planId: frozen.record.id,
      fields,
      softwareVersion,
      benchJson,
      startedAt: new Date(this.#now()).toISOString(),
      endedAt: null,
      end: null,
      safeStateJson: null,
    });
  }

  async #measure(): Promise<'finished' | 'stopped'> {
    const { bench, frozen, store } = this.#options;
    const { plan } = frozen;
    const { signal } = this.#stop;
    if (plan.adaptive !== undefined && bench.source.quickReads !== true) throw noQuickReads(bench);
    const found = await examineBench(bench, signal);
    const live = whatIsLive(found);
    const text = live.length === 0 ? 'the bench was found quiet' : `the bench was found live: ${live.join(', ')}`;
    await this.#events.write(live.length === 0 ? 'info' : 'warning', 'bench-found', text, null, found);
    const safe = await safeExit(bench, this.#options.safeExitTiming ?? DEFAULT_SAFE_EXIT);
    if (safe.verdict !== 'safe') throw notSafe(safe);
    signal.throwIfAborted();

    const { instruments, errors } = await identifyBench(bench, plan, this.#id, signal);
    await store.addInstruments(instruments);
    if (errors.length > 0) {
      const text = `instruments had errors queued before the session: ${errors.join('; ')}`;
      await this.#events.write('warning', 'instrument-errors', text);
    }
    await configureBench(bench, plan, signal);

    const context = this.#context();
    for (const [index, die] of plan.dies.entries()) {
      if (this.#stop.reason !== null) return await this.#stopped();
      if ((await visitDie(context, die, index + 1)) === 'stopped') return await this.#stopped();
    }
    return 'finished';
  }

  #checkGate(line: number, leakageAmps: number): void {
    if (Math.abs(leakageAmps) <= this.#options.frozen.plan.recipe.enable.leakageAlarmAmps) return;
    const text = `gate leakage of enable line ${line}: ${leakageAmps.toExponential(2)} A`;
    // Not awaited: a warning must not hold the sweep up; a failed write ends the session through the store.
    this.#events
      .write('warning', 'gate-leakage', text, this.#die?.ordinal ?? null, { line, leakageAmps })
      .catch(() => {});
  }

  async #pauseIfAsked(): Promise<void> {
    const { paused } = this.#stop;
    if (paused === null) return;
    await this.#events.write('info', 'session-paused', `paused: ${paused}`, this.#die?.ordinal ?? null);
    await this.#stop.whenResumed();
    await this.#events.write('info', 'session-resumed', 'the pause is over', this.#die?.ordinal ?? null);
  }

  async #stopped(): Promise<'stopped'> {
    await this.#events.write('info', 'session-stopped', `stopped on request: ${this.#stop.reason}`);
    return 'stopped';
  }

  async #close(end: SessionEnd, error: Error | null, safeState: SafeState): Promise<Error | null> {
    const { store } = this.#options;
    try {
      if (error !== null)
        await this.#events.write('error', 'session-failed', error.message, this.#die?.ordinal ?? null);
      const level = safeState.verdict === 'safe' ? 'info' : 'error';
      await this.#events.write(level, 'safe-exit', `bench left ${safeState.verdict}`, null, safeState);
      await store.flush();
      await store.endSession(this.#id, end, JSON.stringify(safeState));
      return null;
    } catch (thrown) {
      return this.#causeOf(thrown);
    }
  }

  /** An aborted wait rejects in many ways; the reason of the abort is the cause. */
  #causeOf(thrown: unknown): Error {
    const { signal } = this.#stop;
    return asError(signal.aborted ? signal.reason : thrown);
  }

  #context(): DieContext {
    const { bench, frozen, store } = this.#options;
    return {
      bench,
      plan: frozen.plan,
      planId: frozen.record.id,
      sessionId: this.#id,
      store,
      stream: this.#stream,
      events: this.#events,
      classifier: this.#options.classifier,
      route: this.#route,
      stop: this.#stop,
      now: this.#now,
      pauseIfAsked: () => this.#pauseIfAsked(),
      tick: () => this.#tick(),
      meter: this.#meter,
      needles: this.#needles,
      earlier: this.#earlier,
      startReason: this.#options.retest ? 'retest' : this.#options.earlier === undefined ? 'first' : 'resume',
      arrived: (die) => {
        this.#die = die;
      },
      finished: (summary) => {
        this.#tellWatcher('die summary', () => this.#options.onDieFinished?.(summary));
      },
      lost: (cells) => {
        this.#losses += cells;
      },
    };
  }

  #tick(): void {
    this.#tellWatcher('progress', () => this.#options.onProgress?.(this.#meter.snapshot()));
  }

  /** Somebody who watches and fails must not end a measurement: the failure is noted once and the watcher left alone. */
  #tellWatcher(name: string, tell: () => void): void {
    if (this.#failedWatchers.has(name)) return;
    try {
      tell();
    } catch (error) {
      this.#failedWatchers.add(name);
      this.#events.write('warning', 'watcher-failed', `${name}: ${asError(error).message}`).catch(() => {});
    }
  }
}

function endFor(error: Error): SessionEnd {
  if (!(error instanceof TunnelbenchError)) return 'failed';
  if (error.code === 'TB_ABORTED') return 'aborted';
  return STOPPED_BY_RULE.includes(error.code) ? 'stopped' : 'failed';
}

function notSafe({ steps, verdict }: SafeState): TunnelbenchError {
  const open = steps.filter(({ outcome }) => outcome !== 'confirmed');
  return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
    thing: 'bench',
    what: `the bench could not be confirmed safe (${verdict})`,
    value: open.map(({ name, outcome, detail }) => `${name} ${outcome}: ${detail}`).join('; '),
    expected: 'outputs off, enable lines low, supplies off, separated, all read back',
    remedy: 'Go to the bench, check output, gate and chuck by hand, then resume.',
  });
}

function noQuickReads({ source }: Bench): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: source.identity.name,
    what: 'the driver runs no quick reads, so it cannot execute an adaptive plan',
    value: source.identity.driver,
    expected: 'a driver with quick reads, e.g. keithley-2600',
    remedy: 'Measure with --plan full.',
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
