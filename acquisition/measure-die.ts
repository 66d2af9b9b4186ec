import { v7 as uuidV7 } from 'uuid';
import type { AttemptRecord } from '../db/records.ts';
import type { Bench } from '../drivers/capabilities.ts';
import type { DieSite } from '../wafer/die.ts';
import { AttemptWindows } from './attempt-windows.ts';
import type { Classifier } from './classifier.ts';
import { DieRecorder } from './die-recorder.ts';
import type { EventLog } from './event-log.ts';
import { ExposedPairs } from './exposed-pairs.ts';
import { LoopChoice, type LoopTally } from './loop-choice.ts';
import { PairMeter, type PairVisit } from './pair-meter.ts';
import { cellOf, pairAt } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import { type Plan, pairIndexAt, pairPositions, positionCount } from './plan.ts';
import type { RecordStream } from './record-stream.ts';
import { ReferenceWatch } from './reference-watch.ts';
import type { SessionStore } from './session-store.ts';
import { type Settled, settled } from './settled.ts';
import { SingleMeter } from './single-meter.ts';
import type { StopRequest } from './stop-request.ts';

/** What a die needs from its session. */
export interface DieTask {
  readonly bench: Bench;
  readonly plan: Plan;
  readonly planId: string;
  readonly sessionId: string;
  readonly store: SessionStore;
  readonly stream: RecordStream;
  readonly events: EventLog;
  readonly classifier: Classifier;
  readonly route: PairRoute;
  readonly stop: StopRequest;
  readonly now: () => number;
  /** Waits while the session is asked to; the source is at 0 V. */
  readonly pauseIfAsked: () => Promise<void>;
  /** Called after each position. */
  readonly tick: () => void;
}

/** Measures a contacted, powered die from a position on. Resolves with whether it was finished or stopped on request. */
export class DieMeasurement {
  readonly #task: DieTask;
  readonly #die: DieSite;
  readonly #meter: PairMeter | SingleMeter;
  readonly #recorder: DieRecorder;
  readonly #references: ReferenceWatch;
  readonly #referencePairs: ReadonlySet<number>;
  readonly #seen: number[] = [];
  #referenceDueMs: number;
  readonly #windows: AttemptWindows;
  readonly #exposed = new ExposedPairs();
  readonly #choice: LoopChoice | null;
  #position: number;

  constructor(task: DieTask, die: DieSite, startPosition: number, startReason: 'first' | 'resume' | 'retest') {
    this.#task = task;
    this.#die = die;
    this.#position = startPosition;
    const reasonAt = (position: number) =>
      startReason === 'resume' && position !== startPosition ? 'first' : startReason;
    const commit = (first: number, last: number) => this.#attempt(first, last, reasonAt(first));
    this.#windows = new AttemptWindows(commit, pairPositions(task.plan), task.now);
    const Meter = task.plan.recipe.access === 'single' ? SingleMeter : PairMeter;
    this.#meter = new Meter(task.bench, task.plan, task.route, task.now);
    this.#recorder = new DieRecorder(task, die);
    this.#references = new ReferenceWatch(task.plan.recipe);
    const { adaptive } = task.plan;
    this.#choice = adaptive === undefined ? null : new LoopChoice(task.plan, adaptive, task.classifier, die.ordinal);
    this.#referencePairs = new Set(task.plan.referencePairs);
    this.#referenceDueMs = task.now() + task.plan.recipe.reference.everySeconds * 1000;
    // Reference pairs measured in an earlier session get their reference from this session's first round.
    for (let position = 0; position < Math.min(startPosition, pairPositions(task.plan)); position++) {
      this.#noteReference(position);
    }
  }

  get position(): number {
    return this.#position;
  }

  get losses(): number {
    return this.#recorder.losses;
  }

  async run(): Promise<'finished' | 'stopped'> {
    const { plan } = this.#task;
    if ((await this.#measurePairs()) === 'stopped') return 'stopped';
    while (this.#position < positionCount(plan)) {
      await this.#task.pauseIfAsked();
      if (this.#stopped() || (await this.#repeatPosition()) === 'stopped') return 'stopped';
    }
    await this.#referenceRound();
    if ((await this.#lookAtExposed()) === 'stopped') return 'stopped';
    await this.#recorder.report();
    if (this.#choice !== null) await this.#reportChoice(this.#choice.tally);
    return 'finished';
  }

  /** Measures all pairs; whatever happens, no relay moves any more at the end. */
  async #measurePairs(): Promise<'done' | 'stopped'> {
    try {
      return await this.#eachPair();
    } finally {
      await settled(this.#meter.atRest());
    }
  }

  /** While one pair is classified and stored, the next one's sweep already runs. */
  async #eachPair(): Promise<'done' | 'stopped'> {
    const pairs = pairPositions(this.#task.plan);
    let running: Promise<Settled<PairVisit>> | null = null;
    while (this.#position < pairs) {
      const position = this.#position;
      if (running === null) {
        await this.#meter.atRest();
        await this.#task.pauseIfAsked();
        if (this.#stopped()) return 'stopped';
        if (this.#referenceIsDue()) await this.#referenceRound();
        await this.#windows.of(position);
        running = settled(this.#visit(position));
      }
      const attemptId = await this.#windows.of(position);
      const result: Settled<PairVisit> = await running;
      running = null;
      if ('error' in result) throw result.error;
      this.#position = position + 1;
      const findings = this.#recorder.look([{ visit: result.value, repeat: 0 }]);
      if (this.#mayGoOn(pairs)) running = settled(this.#visit(this.#position));
      try {
        await this.#recorder.store(attemptId, findings, this.#position);
      } catch (error) {
        // The sweep under way must have ended before anybody makes the bench safe.
        await running;
        throw error;
      }
      this.#notePosition(position, result.value);
    }
    await this.#meter.atRest();
    return 'done';
  }

  async #reportChoice(tally: LoopTally): Promise<void> {
    const loops = tally.sampled + tally.unclear + tally.nearBoundary;
    const text =
      `adaptive plan: ${tally.settled} pairs settled without a loop, ${loops} with one ` +
      `(${tally.sampled} sampled, ${tally.unclear} unclear, ${tally.nearBoundary} near a boundary)` +
      (tally.overBudget > 0 ? `, ${tally.overBudget} left undetermined: the budget of loops was spent` : '');
    const level = tally.overBudget > 0 ? 'warning' : 'info';
    await this.#task.events.write(level, 'adaptive-choice', text, this.#die.ordinal, tally);
  }

  /** Whether the next pair may be armed before this one is stored: its attempt is durable and nobody wants a pause. */
  #mayGoOn(pairs: number): boolean {
    if (this.#position >= pairs || this.#windows.durable(this.#position) === null) return false;
    const { stop } = this.#task;
    const wanted = stop.leavesDie || stop.paused !== null || this.#referenceIsDue();
    return !wanted && !this.#recorder.lostTooMany;
  }

  #visit(position: number): Promise<PairVisit> {
    const { plan, stop } = this.#task;
    const next = position + 1 < pairPositions(plan) ? this.#pair(position + 1) : null;
    const pair = this.#pair(position);
    const choice = this.#choice;
    if (choice === null || choice.startsWithLoop(pairIndexAt(plan, position))) {
      return this.#meter.visit(pair, next, stop.signal);
    }
    return this.#meter.quickVisit(pair, next, (visit) => choice.wantsLoop(visit), stop.signal);
  }

  #notePosition(position: number, visit: PairVisit): void {
    const { plan } = this.#task;
    this.#exposed.note(this.#pair(position), position, visit);
    this.#noteReference(position);
    if (this.#referencePairs.has(pairIndexAt(plan, position))) this.#lookAtReference(visit);
    this.#task.tick();
  }

  #referenceIsDue(): boolean {
    return this.#task.now() >= this.#referenceDueMs;
  }

  /** All loops of one pair of the repeat sample, stored together. */
  async #repeatPosition(): Promise<'done' | 'stopped'> {
    const { plan, stop } = this.#task;
    const position = this.#position;
    const pair = this.#pair(position);
    const attemptId = await this.#attempt(position, position, 'repeatSample');
    const visits: { visit: PairVisit; repeat: number }[] = [];
    let repeat = 1;
    for (let loop = 0; loop < plan.recipe.repeatSample.loops; loop++) {
      if (this.#stopped()) return 'stopped';
      const visit = await this.#meter.visit(pair, null, stop.signal);
      visits.push({ visit, repeat });
      this.#exposed.note(pair, position, visit);
      repeat += 1 + visit.superseded.length;
      if (!visit.record.some(({ reading }) => reading.kind === 'loop')) break;
    }
    this.#position = position + 1;
    await this.#recorder.store(attemptId, this.#recorder.look(visits), this.#position);
    this.#task.tick();
    return 'done';
  }

  /** Measures the reference pairs that were measured before, compares, and sets the next round's time. */
  async #referenceRound(): Promise<void> {
    const { plan, stop, events, now } = this.#task;
    for (const position of this.#seen) {
      const attemptId = await this.#attempt(position, position, 'reference');
      const visit = await this.#meter.visit(this.#pair(position), null, stop.signal);
      const findings = this.#recorder.look([{ visit, repeat: 1 }]);
      await this.#recorder.store(attemptId, findings, this.#position);
      this.#lookAtReference(visit);
    }
    this.#referenceDueMs = now() + plan.recipe.reference.everySeconds * 1000;
    const drift = this.#references.endRound();
    if (drift === null) return;
    const percent = (100 * drift.median).toFixed(2);
    const text = `reference cells moved by ${percent} % (median of ${drift.cells})`;
    await events.write(drift.alarm ? 'warning' : 'info', 'reference-drift', text, this.#die.ordinal, drift);
  }

  /** Whether a cell beside a short has broken since it was measured, because others of its columns were. */
  async #lookAtExposed(): Promise<'done' | 'stopped'> {
    for (const position of this.#exposed.positions()) {
      if (this.#stopped()) return 'stopped';
      const attemptId = await this.#attempt(position, position, 'retest');
      const visit = await this.#meter.lookAtLowBias(this.#pair(position), this.#task.stop.signal);
      await this.#recorder.store(attemptId, this.#recorder.look([{ visit, repeat: 1 }], false), this.#position);
    }
    return 'done';
  }

  #lookAtReference({ pair, record }: PairVisit): void {
    const { geometry } = this.#task.plan.bench;
    for (const sweep of record) this.#references.look(cellOf(geometry, pair, sweep.side) as number, sweep);
  }

  #noteReference(position: number): void {
    if (this.#referencePairs.has(pairIndexAt(this.#task.plan, position))) this.#seen.push(position);
  }

  async #attempt(firstPosition: number, lastPosition: number, reason: AttemptRecord['reason']): Promise<string> {
    const { store, sessionId, now } = this.#task;
    const id = uuidV7();
    const startedAt = new Date(now()).toISOString();
    await store.addAttempt({
      id,
      sessionId,
      dieOrdinal: this.#die.ordinal,
      firstPosition,
      lastPosition,
      reason,
      startedAt,
    });
    return id;
  }

  #pair(position: number) {
    const { plan } = this.#task;
    return pairAt(plan.bench.geometry, pairIndexAt(plan, position));
  }

  #stopped(): boolean {
    this.#task.stop.signal.throwIfAborted();
    return this.#task.stop.leavesDie;
  }
}
