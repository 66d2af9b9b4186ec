import type { ScheduledEvent, SimulatedClock } from '../simulated-clock.ts';
import type { SmuFrontEnd, SmuReading } from './smu-front-end.ts';

export interface SequencePlan {
  readonly points: number;
  /** Level of a point, or null: the programmed level is measured again. */
  readonly level: (point: number) => number | null;
  /** A point begins this much later than the one before, at least; 0: as soon as it can. */
  readonly intervalSeconds: number;
  /** Wait of every point beside the source's own delay. */
  readonly delaySeconds: number;
  /** Each point waits for `release`. */
  readonly waitsForTrigger: boolean;
  readonly onReading: (reading: SmuReading) => void;
}

/** Steps a source through points and measures each, in simulated time: the trigger model of these families, idle to idle. */
export class PointSequence {
  private readonly clock: SimulatedClock;
  private readonly smu: SmuFrontEnd;
  private plan: SequencePlan | null = null;
  private point = 0;
  private awaited = false;
  private scheduled: ScheduledEvent | null = null;
  private readonly whenIdle: (() => void)[] = [];
  /** The last sequence was broken off. */
  aborted = false;

  constructor(clock: SimulatedClock, smu: SmuFrontEnd) {
    this.clock = clock;
    this.smu = smu;
  }

  get busy(): boolean {
    return this.plan !== null;
  }

  idle(): Promise<void> {
    return this.busy ? new Promise((resolve) => void this.whenIdle.push(resolve)) : Promise.resolve();
  }

  start(plan: SequencePlan): void {
    this.plan = plan;
    this.point = 0;
    this.aborted = false;
    this.next();
  }

  /** The trigger that a waiting point waits for; otherwise nothing happens. */
  release(): void {
    if (!this.awaited) return;
    this.awaited = false;
    this.measure();
  }

  /** Ends at once; level and output stay as they are. */
  abort(): void {
    if (this.plan === null) return;
    if (this.scheduled !== null) this.scheduled.cancelled = true;
    this.aborted = true;
    this.finish();
  }

  private next(): void {
    const { plan } = this;
    if (plan === null) return;
    if (this.point >= plan.points) {
      // Leaving the trigger model takes a moment, so that an endless chain of sequences still lets time pass.
      this.later(1e-6, () => this.finish());
    } else if (plan.waitsForTrigger) this.awaited = true;
    else this.measure();
  }

  private measure(): void {
    const { plan, smu } = this;
    if (plan === null) return;
    const level = plan.level(this.point);
    smu.sweepLevel = level;
    if (level !== null) smu.apply();
    const { seconds: own, autoRanged } = smu.pointSeconds();
    const seconds = own + plan.delaySeconds;
    this.later(seconds, () => {
      plan.onReading(smu.read(autoRanged));
      this.point += 1;
      this.later(Math.max(0, plan.intervalSeconds - seconds), () => this.next());
    });
  }

  private later(seconds: number, action: () => void): void {
    this.scheduled = this.clock.after(seconds, () => {
      this.scheduled = null;
      action();
    });
  }

  private finish(): void {
    this.plan = null;
    this.awaited = false;
    this.smu.holdSweepLevel();
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}
