import { v7 as uuidV7 } from 'uuid';
import type { AttemptRecord, CursorRecord } from '../db/records.ts';
import type { Bench } from '../drivers/capabilities.ts';
import type { DieSite } from '../wafer/die.ts';
import { dieLabel } from '../wafer/die.ts';
import { cellCount } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatQuantity } from '../wafer/units.ts';
import type { EventLog } from './event-log.ts';
import { type Loss, LossWatch } from './loss-watch.ts';
import { PairMeter, type PairVisit } from './pair-meter.ts';
import { cellOf, pairAt } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import { type Plan, pairIndexAt, pairPositions, positionCount } from './plan.ts';
import type { Measured, RecordStream } from './record-stream.ts';
import { ReferenceWatch } from './reference-watch.ts';
import type { SessionStore } from './session-store.ts';
import type { StopRequest } from './stop-request.ts';

/** Positions whose attempt is committed together before the first of them is armed. */
export const ATTEMPT_WINDOW = 32;

/** What a die needs from its session. */
export interface DieTask {
  readonly bench: Bench;
  readonly plan: Plan;
  readonly planId: string;
  readonly sessionId: string;
  readonly store: SessionStore;
  readonly stream: RecordStream;
  readonly events: EventLog;
  readonly route: PairRoute;
  readonly stop: StopRequest;
  readonly now: () => number;
  /** Called after each position. */
  readonly tick: () => void;
}

/** Measures a contacted, powered die from a position on. Resolves with whether it was finished or stopped on request. */
export class DieMeasurement {
  readonly #task: DieTask;
  readonly #die: DieSite;
  readonly #meter: PairMeter;
  readonly #losses: LossWatch;
  readonly #references: ReferenceWatch;
  readonly #referencePairs: ReadonlySet<number>;
  readonly #seen: number[] = [];
  #referenceDueMs: number;
  #position: number;
  #attemptReason: AttemptRecord['reason'];
  #largestResidual = 0;
  #unresolved = 0;

  constructor(task: DieTask, die: DieSite, startPosition: number, resumed: boolean) {
    this.#task = task;
    this.#die = die;
    this.#position = startPosition;
    this.#attemptReason = resumed ? 'resume' : 'first';
    this.#meter = new PairMeter(task.bench, task.plan, task.route, task.now);
    this.#losses = new LossWatch(task.plan.recipe);
    this.#references = new ReferenceWatch(task.plan.recipe);
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
    return this.#losses.count;
  }

  async run(): Promise<'finished' | 'stopped'> {
    const { plan } = this.#task;
    const pairs = pairPositions(plan);
    while (this.#position < pairs) {
      if (this.#stopped()) return 'stopped';
      const end = Math.min(this.#position + ATTEMPT_WINDOW, pairs);
      const attemptId = await this.#attempt(this.#position, end - 1, this.#attemptReason);
      this.#attemptReason = 'first';
      while (this.#position < end) {
        if (this.#stopped()) return 'stopped';
        if (this.#task.now() >= this.#referenceDueMs) await this.#referenceRound();
        await this.#measurePosition(attemptId, pairs);
      }
    }
    while (this.#position < positionCount(plan)) {
      if (this.#stopped() || (await this.#repeatPosition()) === 'stopped') return 'stopped';
    }
    await this.#referenceRound();
    await this.#reportResidual();
    return 'finished';
  }

  async #measurePosition(attemptId: string, pairs: number): Promise<void> {
    const { plan, stop } = this.#task;
    const position = this.#position;
    const next = position + 1 < pairs ? this.#pair(position + 1) : null;
    const visit = await this.#meter.visit(this.#pair(position), next, stop.signal);
    this.#position = position + 1;
    await this.#record(attemptId, [{ visit, repeat: 0 }]);
    this.#unresolved += plan.bench.geometry.columnsPerEnableLine - visit.record.length;
    this.#noteReference(position);
    if (this.#referencePairs.has(pairIndexAt(plan, position))) this.#lookAtReference(visit);
    this.#task.tick();
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
      repeat += 1 + visit.superseded.length;
      if (!visit.record.some(({ reading }) => reading.kind === 'loop')) break;
    }
    this.#position = position + 1;
    await this.#record(attemptId, visits);
    this.#task.tick();
    return 'done';
  }

  /** Measures the reference pairs that were measured before, compares, and sets the next round's time. */
  async #referenceRound(): Promise<void> {
    const { plan, stop, events, now } = this.#task;
    for (const position of this.#seen) {
      const attemptId = await this.#attempt(position, position, 'reference');
      const visit = await this.#meter.visit(this.#pair(position), null, stop.signal);
      await this.#record(attemptId, [{ visit, repeat: 1 }]);
      this.#lookAtReference(visit);
    }
    this.#referenceDueMs = now() + plan.recipe.reference.everySeconds * 1000;
    const drift = this.#references.endRound();
    if (drift === null) return;
    const percent = (100 * drift.median).toFixed(2);
    const text = `reference cells moved by ${percent} % (median of ${drift.cells})`;
    await events.write(drift.alarm ? 'warning' : 'info', 'reference-drift', text, this.#die.ordinal, drift);
  }

  /**
   * Hands visits to the stream with the cells found broken in them, says so, and waits until the writer keeps up. Throws
   * TB_LOSS_LIMIT, after the data are handed over, when too much of the die broke.
   */
  async #record(attemptId: string, visits: Measured['visits']): Promise<void> {
    const { plan, events, stream, store } = this.#task;
    const { geometry } = plan.bench;
    const losses: { text: string; loss: Loss }[] = [];
    for (const { pair, superseded, record } of visits.map(({ visit }) => visit)) {
      for (const sweep of [...superseded, ...record]) {
        this.#largestResidual = Math.max(this.#largestResidual, Math.abs(sweep.residualAmps));
        const loss = this.#losses.look(cellOf(geometry, pair, sweep.side) as number, sweep);
        if (loss !== null) losses.push({ loss, text: lossText(loss, pair.row, pair.columns[sweep.side] as number) });
      }
    }
    const lost = new Set(losses.map(({ loss }) => loss.cell));
    stream.push({ dieOrdinal: this.#die.ordinal, attemptId, visits, lost, cursor: this.#cursor() });
    for (const { loss, text } of losses) {
      await events.write('warning', 'loss', text, this.#die.ordinal, { ...loss, cause: 'failedInTest' });
    }
    const limit = plan.recipe.lossPauseFraction * cellCount(geometry);
    if (this.#losses.count > limit) this.#refuseLosses(limit);
    await store.ready();
  }

  #refuseLosses(limit: number): never {
    throw new TunnelbenchError('TB_LOSS_LIMIT', {
      thing: `die ${dieLabel(this.#die)}`,
      what: 'too many junctions broke while being measured',
      value: `${this.#losses.count}`,
      expected: `at most ${Math.floor(limit)} (losses.pauseAboveFraction of the die)`,
      remedy: 'Look at amplitude, gate and limits before going on; the measured cells are stored.',
    });
  }

  async #reportResidual(): Promise<void> {
    const { plan, events } = this.#task;
    if (this.#unresolved > 0) {
      const text = `${this.#unresolved} cells got no complete sweep and stay unmeasured`;
      await events.write('warning', 'cells-unresolved', text, this.#die.ordinal);
    }
    // Gain errors of three channels leave up to about a thousandth of the current; more is a leak.
    const alarm = plan.recipe.contact.leakageAlarmAmps + 1e-3 * plan.recipe.programme.complianceRepeat.limitAmps;
    if (this.#largestResidual <= alarm) return;
    const text = `the three currents of a sweep did not add up: ${formatQuantity(this.#largestResidual, 'A')} missing`;
    await events.write('warning', 'residual-current', text, this.#die.ordinal, { amps: this.#largestResidual });
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

  #cursor(): CursorRecord {
    return { planId: this.#task.planId, dieOrdinal: this.#die.ordinal, nextPosition: this.#position };
  }

  #stopped(): boolean {
    this.#task.stop.signal.throwIfAborted();
    return this.#task.stop.reason !== null;
  }
}

function lossText({ beforeOhms, afterOhms }: Loss, row: number, column: number): string {
  const fell = `${formatQuantity(beforeOhms, 'Ω')} to ${formatQuantity(afterOhms, 'Ω')}`;
  return `cell row ${row}, column ${column} broke in the test: ${fell}`;
}
