import { v7 as uuidV7 } from 'uuid';
import type { SessionEnd, SessionFields } from '../db/records.ts';
import type { Bench } from '../drivers/capabilities.ts';
import type { DieSite } from '../wafer/die.ts';
import { dieLabel } from '../wafer/die.ts';
import { type ErrorCode, TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { examineBench, identifyBench } from './bench-examination.ts';
import type { Classifier } from './classifier.ts';
import { contactDie, releaseDie } from './die-contact.ts';
import { checkFingerprint } from './die-fingerprint.ts';
import { configureBench } from './die-power.ts';
import { EventLog } from './event-log.ts';
import { DieMeasurement } from './measure-die.ts';
import { NeedleWatch } from './needle-watch.ts';
import { PairRoute } from './pair-route.ts';
import { cellsPerDie, type FrozenPlan, pairPositions, positionCount } from './plan.ts';
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
  readonly stop?: StopRequest;
  readonly onProgress?: (progress: MeasurementProgress) => void;
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
    if (onRecorded) this.#stream.recorded.subscribe({ next: onRecorded, error: () => {} });
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
    const { store, frozen, fields, softwareVersion, benchJson, earlier } = this.#options;
    if (earlier === undefined) await store.addPlan(frozen.record);
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
    const found = await examineBench(bench, signal);
    await this.#events.write('info', 'bench-found', 'state of the bench before anything was done', null, found);
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

    for (const [index, die] of plan.dies.entries()) {
      if (this.#stop.reason !== null) return await this.#stopped();
      if ((await this.#measureDie(die, index + 1)) === 'stopped') return await this.#stopped();
    }
    return 'finished';
  }

  async #measureDie(die: DieSite, number: number): Promise<'done' | 'stopped'> {
    const { frozen, store, bench } = this.#options;
    const { plan } = frozen;
    const { signal } = this.#stop;
    const start = this.#earlier.nextPosition(die.ordinal);
    const before = this.#earlier.die(die.ordinal);
    this.#meter.skipEarlier(Math.min(start, pairPositions(plan)) * plan.bench.geometry.columnsPerEnableLine);
    if (start >= positionCount(plan)) return 'done';
    const limit = plan.recipe.contact.maxTouchdownsPerDie;
    if (before.state === 'noContact' && before.touchdowns >= limit) {
      await this.#skip(die, `no contact in an earlier session, and all ${limit} touchdowns are spent`);
      return 'done';
    }

    this.#die = die;
    this.#meter.startDie(die, number);
    this.#tick();
    const contact = await contactDie(
      bench,
      plan,
      die,
      this.#route,
      before.touchdowns,
      this.#contactWatcher(die),
      signal,
    );
    if (!contact.passed) {
      const reason = contact.checks.at(-1)?.reason ?? 'no contact';
      await store.updateDie(die.ordinal, { state: 'noContact', contactPassed: false, reason });
      await this.#skip(die, `no contact: ${reason}`);
      return 'done';
    }
    await this.#noteTemperature(die);
    await this.#recognise(die);
    await store.updateDie(die.ordinal, { state: 'measuring', contactPassed: true, reason: null });
    const measurement = new DieMeasurement(this.#task(), die, start, this.#options.earlier !== undefined);
    const result = await measurement.run().finally(() => {
      this.#losses += measurement.losses;
    });
    if (result === 'finished') await this.#finishDie(die);
    await releaseDie(bench, this.#route, signal);
    if (result === 'finished') this.#checkNeedles(await this.#openLines(die));
    return result === 'finished' ? 'done' : 'stopped';
  }

  async #finishDie(die: DieSite): Promise<void> {
    const { store } = this.#options;
    await store.flush();
    await store.updateDie(die.ordinal, { state: 'measured' });
    await this.#events.write('info', 'die-finished', `die ${dieLabel(die)} measured`, die.ordinal);
  }

  async #openLines(die: DieSite): Promise<readonly string[]> {
    const { open, suspects } = this.#needles.endDie();
    if (open.length > 0) {
      const text = `every measured cell is open on ${open.join(', ')}`;
      await this.#events.write('warning', 'line-open', text, die.ordinal, { lines: open });
    }
    return suspects;
  }

  #checkNeedles(suspects: readonly string[]): void {
    if (suspects.length === 0) return;
    throw new TunnelbenchError('TB_CONTACT_FAILED', {
      thing: suspects.join(', '),
      what: 'open on three dies in a row: that is a needle or a relay, not the wafer',
      remedy: 'Clean or replace the needle, check the router, then resume; re-measure the dies named in the events.',
    });
  }

  #contactWatcher(die: DieSite) {
    const { store } = this.#options;
    return {
      touchdown: async (touchdowns: number) => {
        await store.updateDie(die.ordinal, { touchdowns });
        await this.#events.write('info', 'touchdown', `touchdown ${touchdowns} on die ${dieLabel(die)}`, die.ordinal);
      },
      checked: async (check: { passed: boolean; reason: string }, attempt: string) => {
        await store.updateDie(die.ordinal, { contactPassed: check.passed, contactJson: JSON.stringify(check) });
        const text = check.passed ? `contact good (${attempt})` : `contact check failed (${attempt}): ${check.reason}`;
        await this.#events.write(check.passed ? 'info' : 'warning', 'contact-check', text, die.ordinal, check);
      },
    };
  }

  /** A die that was begun in an earlier session must be the one that lies there now. */
  async #recognise(die: DieSite): Promise<void> {
    const { bench, frozen } = this.#options;
    const known = this.#earlier.knownCells(die.ordinal);
    const found = await checkFingerprint(bench, frozen.plan, die, known, this.#route, this.#stop.signal);
    if (found === null) return;
    const text = `${found.matches} of ${found.of} cells measured earlier are found again`;
    await this.#events.write('info', 'fingerprint', text, die.ordinal, found);
  }

  async #noteTemperature(die: DieSite): Promise<void> {
    const { bench, store, frozen } = this.#options;
    const { chuckCelsius: wanted, toleranceCelsius } = frozen.plan.recipe.environment;
    const chuckCelsius = await bench.prober.readChuckCelsius(this.#stop.signal);
    await store.updateDie(die.ordinal, { chuckCelsius });
    if (chuckCelsius === null) {
      const text = 'the prober reports no chuck temperature';
      await this.#events.write('info', 'chuck-temperature', text, die.ordinal);
      return;
    }
    if (Math.abs(chuckCelsius - wanted) <= toleranceCelsius) return;
    const text = `chuck at ${chuckCelsius} °C, recipe ${wanted} ± ${toleranceCelsius} °C`;
    await this.#events.write('warning', 'chuck-temperature', text, die.ordinal, { chuckCelsius, wanted });
  }

  #checkGate(line: number, leakageAmps: number): void {
    if (Math.abs(leakageAmps) <= this.#options.frozen.plan.recipe.enable.leakageAlarmAmps) return;
    const text = `gate leakage of enable line ${line}: ${leakageAmps.toExponential(2)} A`;
    // Not awaited: a warning must not hold the sweep up; a failed write ends the session through the store.
    this.#events
      .write('warning', 'gate-leakage', text, this.#die?.ordinal ?? null, { line, leakageAmps })
      .catch(() => {});
  }

  async #skip(die: DieSite, reason: string): Promise<void> {
    await this.#events.write('warning', 'die-skipped', `die ${dieLabel(die)} skipped: ${reason}`, die.ordinal);
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

  #task() {
    const { bench, frozen, store } = this.#options;
    return {
      bench,
      plan: frozen.plan,
      planId: frozen.record.id,
      sessionId: this.#id,
      store,
      stream: this.#stream,
      events: this.#events,
      route: this.#route,
      stop: this.#stop,
      now: this.#now,
      tick: () => this.#tick(),
    };
  }

  #tick(): void {
    this.#options.onProgress?.(this.#meter.snapshot());
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
