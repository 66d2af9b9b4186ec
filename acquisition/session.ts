import { v7 as uuidV7 } from 'uuid';
import type { SessionEnd, SessionFields } from '../db/records.ts';
import type { Bench } from '../drivers/capabilities.ts';
import type { DieSite } from '../wafer/die.ts';
import type { Recipe } from '../wafer/recipe.ts';
import type { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { examineBench, identifyBench, whatIsLive } from './bench-examination.ts';
import type { Classifier } from './classifier.ts';
import { configureBench } from './die-power.ts';
import { planOfDie } from './die-recipes.ts';
import { DieRepetitions } from './die-repetitions.ts';
import type { DieSummary } from './die-summary.ts';
import { type DieContext, type VisitEnd, type VisitKind, visitDie } from './die-visit.ts';
import { estimatePlan } from './duration-estimate.ts';
import { EventLog } from './event-log.ts';
import { FingerprintBook } from './fingerprint-book.ts';
import type { Halt } from './halt.ts';
import { NeedleWatch } from './needle-watch.ts';
import { PairRoute } from './pair-route.ts';
import { cellsOfPlan, cellsPerDie, type FrozenPlan } from './plan.ts';
import { type MeasurementProgress, ProgressMeter } from './progress.ts';
import { type Recorded, RecordStream } from './record-stream.ts';
import { DEFAULT_SAFE_EXIT, type SafeExitTiming, type SafeState, safeExit } from './safe-exit.ts';
import { asError, endFor, noQuickReads, notSafe } from './session-end.ts';
import { type EarlierWork, NOTHING_EARLIER, type SessionStore, type WorkHistory } from './session-store.ts';
import { type DieWish, StopRequest } from './stop-request.ts';

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
  /** Work with the same recipe on other wafers; work on this one, in `earlier`, goes before it. */
  readonly history?: WorkHistory;
  /** The plan measures cells again; it is new to the file although there is earlier work. */
  readonly retest?: boolean;
  readonly stop?: StopRequest;
  readonly onProgress?: (progress: MeasurementProgress) => void;
  /** Somebody must look at the bench before the run goes on. */
  readonly onHalt?: (halt: Halt) => void;
  /**
   * How long a halted run waits for an answer before it ends safely; null: as long as it takes. Default 0, for a run that
   * nobody watches.
   */
  readonly haltSeconds?: number | null;
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
  readonly #fingerprints: FingerprintBook;
  readonly #earlier: EarlierWork;
  readonly #failedWatchers = new Set<string>();
  readonly #touchdowns = new Map<number, number>();
  readonly #repetitions: DieRepetitions;
  #loaded: Recipe | null = null;
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
    const history = this.#earlier.history ?? options.history;
    const work = { cells: cellsOfPlan(plan), seconds: estimatePlan(plan).totalSeconds };
    const expected =
      history === undefined ? { work, from: 'plan' as const } : { work: history, from: 'earlierSessions' as const };
    this.#meter = new ProgressMeter(cellsOfPlan(plan), plan.dies.length, this.#now, expected);
    this.#repetitions = new DieRepetitions(plan, this.#earlier);
    this.#needles = new NeedleWatch(plan.bench.geometry);
    this.#fingerprints = this.#earlier.fingerprints ?? new FingerprintBook(plan);
    this.#route = new PairRoute(bench, (line, { leakageAmps }) => this.#checkGate(line, leakageAmps));
    this.#stream.recorded.subscribe({
      next: ({ cells, cursor }) => {
        for (const cell of cells) {
          this.#fingerprints.note(cursor.dieOrdinal, cell);
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
    const { dies } = plan;
    for (const [index, die] of dies.entries()) {
      if (this.#stop.reason !== null) return await this.#stopped();
      if ((await this.#visit(die, index + 1, 'first')) === 'stopped') return await this.#stopped();
    }
    for (const [index, die] of dies.entries()) {
      while (this.#repetitions.left(die.ordinal) > 0) {
        if (this.#stop.reason !== null) return await this.#stopped();
        if ((await this.#visit(die, index + 1, 'repetition')) === 'stopped') return await this.#stopped();
      }
    }
    return 'finished';
  }

  /** Visits a die until nobody wants it again at once. */
  async #visit(die: DieSite, number: number, kind: VisitKind): Promise<VisitEnd> {
    const { frozen, bench } = this.#options;
    const plan = planOfDie(frozen.plan, die.ordinal);
    if (this.#loaded !== plan.recipe) {
      this.#loaded = null;
      await configureBench(bench, plan, this.#stop.signal);
      this.#loaded = plan.recipe;
    }
    let turn = kind;
    for (;;) {
      if (turn === 'repetition') this.#repetitions.begin(die.ordinal);
      const end = await visitDie({ ...this.#context(), plan }, die, number, turn);
      if (end !== 'again') return end;
      turn = 'repetition';
    }
  }

  async #measureAgain(ordinals: readonly number[], why: string): Promise<void> {
    const { plan } = this.#options.frozen;
    for (const ordinal of ordinals) {
      this.#repetitions.ask(ordinal);
      this.#meter.changeTotal(cellsPerDie(plan));
      await this.#events.write('info', 'die-repeat-asked', `to be measured again: ${why}`, ordinal);
    }
  }

  /** Waits for somebody who has looked at the bench; ends the session with `cause` when nobody comes. */
  async #halt(cause: TunnelbenchError, dieOrdinal: number): Promise<DieWish | null> {
    const { haltSeconds = 0, onHalt } = this.#options;
    if (haltSeconds === 0) throw cause;
    const reason = cause.message;
    this.#stop.takeWish();
    this.#stop.halt(reason);
    this.#meter.startWaiting();
    const text = `halted, the die powered down and the needles up: ${reason}`;
    await this.#events.write('warning', 'session-paused', text, dieOrdinal, { waitSeconds: haltSeconds });
    this.#tellWatcher('halt', () => onHalt?.({ reason, dieOrdinal, waitSeconds: haltSeconds }));
    const answered = await this.#stop.whenResumed(haltSeconds);
    this.#stop.signal.throwIfAborted();
    this.#meter.endWaiting();
    if (!answered) throw cause;
    const wish = this.#stop.takeWish();
    await this.#events.write('info', 'session-resumed', 'somebody answered the halt', dieOrdinal, { wish });
    return wish;
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
    this.#meter.startWaiting();
    await this.#stop.whenResumed();
    this.#meter.endWaiting();
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
      fingerprints: this.#fingerprints,
      touchdowns: (ordinal) => this.#touchdowns.get(ordinal) ?? this.#earlier.die(ordinal).touchdowns,
      touched: (ordinal, touchdowns) => this.#touchdowns.set(ordinal, touchdowns),
      halt: (cause, ordinal) => this.#halt(cause, ordinal),
      again: (ordinals, why) => this.#measureAgain(ordinals, why),
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
