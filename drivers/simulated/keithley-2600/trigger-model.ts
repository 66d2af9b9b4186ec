import type { ScheduledEvent, SimulatedClock } from '../simulated-clock.ts';
import { TspCommandError } from './error-queue.ts';
import { type EventBus, EventDetector } from './event-bus.ts';
import { AMP_RANGES, SmuConstant, smallestRange, VOLT_RANGES } from './model-2602b.ts';
import type { ReadingBuffer } from './reading-buffer.ts';
import type { SmuChannel } from './smu-channel.ts';

type Place = 'idle' | 'arm' | 'source' | 'measure' | 'endpulse';
export type Quantity = 'i' | 'v' | 'r' | 'p';

/** Transitions between blocks of the model take this long, so that a model without actions still takes time. */
const TRANSITION_SECONDS = 1e-6;

/**
 * The trigger model of one channel, as the 2600B manual draws it: idle → arm layer → trigger layer (source detector
 * and action, measure detector and action, end-pulse detector and action) → end of sweep → idle. Events are discrete
 * in simulated time; a detector without its stimulus waits for ever, as on the bench.
 */
export class TriggerModel {
  readonly armDetector: EventDetector;
  readonly sourceDetector: EventDetector;
  readonly measureDetector: EventDetector;
  readonly endpulseDetector: EventDetector;
  readonly events: Readonly<
    Record<
      'sweeping' | 'armed' | 'sourceComplete' | 'measureComplete' | 'pulseComplete' | 'sweepComplete' | 'idle',
      number
    >
  >;
  armCount = 1;
  count = 1;
  autoclear = false;
  sourceAction: number = SmuConstant.DISABLE;
  measureAction: number = SmuConstant.DISABLE;
  endpulseAction: number = SmuConstant.SOURCE_HOLD;
  endsweepAction: number = SmuConstant.SOURCE_IDLE;
  sweepLimitAmps = 0;
  sourceList: readonly number[] | null = null;
  measurements: readonly { quantity: Quantity; buffer: ReadingBuffer }[] = [];
  private readonly smu: SmuChannel;
  private readonly bus: EventBus;
  private readonly clock: SimulatedClock;
  private place: Place = 'idle';
  private armsDone = 0;
  private pointsDone = 0;
  private scheduled: ScheduledEvent | null = null;
  private readonly whenIdle: (() => void)[] = [];

  constructor(smu: SmuChannel, bus: EventBus, clock: SimulatedClock) {
    this.smu = smu;
    this.bus = bus;
    this.clock = clock;
    const id = () => bus.newEventId();
    this.events = {
      sweeping: id(),
      armed: id(),
      sourceComplete: id(),
      measureComplete: id(),
      pulseComplete: id(),
      sweepComplete: id(),
      idle: id(),
    };
    this.armDetector = new EventDetector(bus, () => this.enterTriggerLayer());
    this.sourceDetector = new EventDetector(bus, () => this.source());
    this.measureDetector = new EventDetector(bus, () => this.measure());
    this.endpulseDetector = new EventDetector(bus, () => this.endpulse());
  }

  get busy(): boolean {
    return this.place !== 'idle';
  }

  /** Resolves when the model is idle. */
  idle(): Promise<void> {
    return this.busy ? new Promise((resolve) => void this.whenIdle.push(resolve)) : Promise.resolve();
  }

  configureSource(list: readonly number[]): void {
    for (const volts of list) this.smu.checkLevel(volts);
    if (list.length === 0) throw new TspCommandError(1401, 'Parameter 1 is invalid');
    this.sourceList = list;
  }

  initiate(): void {
    if (this.busy) throw new TspCommandError(-221);
    if (this.sourceAction !== SmuConstant.DISABLE && this.sourceList === null) throw new TspCommandError(5059);
    if (this.measureAction !== SmuConstant.DISABLE && this.measurements.length === 0) throw new TspCommandError(5060);
    for (const detector of this.detectors()) detector.clear();
    for (const { buffer } of this.measurements) buffer.begin();
    // With autoranging the range of a sweep is the one that holds its largest level, for the whole sweep.
    if (this.sourceAction !== SmuConstant.DISABLE && this.smu.sourceAutorange && this.sourceList !== null) {
      this.smu.sourceRangeVolts = smallestRange(VOLT_RANGES, Math.max(...this.sourceList.map(Math.abs)));
    }
    this.armsDone = 0;
    this.place = 'arm';
    this.later(TRANSITION_SECONDS, () => {
      this.bus.fire(this.events.sweeping);
      this.waitForArm();
    });
  }

  /** Back to idle at once; level and output stay, as the manual says of abort(). */
  abort(): void {
    if (!this.busy) return;
    if (this.scheduled !== null) this.scheduled.cancelled = true;
    if (this.smu.sweepVolts !== null) this.smu.levelVolts = this.smu.sweepVolts;
    this.finish();
  }

  reset(): void {
    this.abort();
    for (const detector of this.detectors()) {
      detector.stimulus.set(0);
      detector.clear();
    }
    this.armCount = 1;
    this.count = 1;
    this.autoclear = false;
    this.sourceAction = SmuConstant.DISABLE;
    this.measureAction = SmuConstant.DISABLE;
    this.endpulseAction = SmuConstant.SOURCE_HOLD;
    this.endsweepAction = SmuConstant.SOURCE_IDLE;
    this.sweepLimitAmps = 0;
    this.sourceList = null;
    this.measurements = [];
  }

  private detectors(): EventDetector[] {
    return [this.armDetector, this.sourceDetector, this.measureDetector, this.endpulseDetector];
  }

  private later(seconds: number, action: () => void): void {
    this.scheduled = this.clock.after(seconds, () => {
      this.scheduled = null;
      action();
    });
  }

  private waitForArm(): void {
    this.place = 'arm';
    if (this.armDetector.pass()) this.enterTriggerLayer();
  }

  private enterTriggerLayer(): void {
    if (this.autoclear) for (const detector of this.detectors()) detector.detected = false;
    this.pointsDone = 0;
    this.place = 'source';
    this.bus.fire(this.events.armed);
    this.waitForSource();
  }

  private waitForSource(): void {
    this.place = 'source';
    if (this.sourceDetector.pass()) this.source();
  }

  private source(): void {
    const list = this.sourceList;
    if (this.sourceAction === SmuConstant.DISABLE || list === null) {
      this.later(TRANSITION_SECONDS, () => this.waitForMeasure());
      return;
    }
    this.smu.sweepVolts = list[this.pointsDone % list.length];
    this.smu.sweepLimitAmps = this.limitDuringSweep();
    this.smu.apply();
    this.later(this.smu.sourceSeconds, () => {
      this.place = 'measure';
      this.bus.fire(this.events.sourceComplete);
      this.waitForMeasure();
    });
  }

  /** The limit range is fixed by the larger of both limits; less than a tenth of it cannot be enforced. */
  private limitDuringSweep(): number {
    const wanted = this.sweepLimitAmps === SmuConstant.LIMIT_AUTO ? this.smu.limitAmps : this.sweepLimitAmps;
    const range = smallestRange(AMP_RANGES, Math.max(this.smu.limitAmps, wanted));
    return Math.max(wanted, range / 10);
  }

  private waitForMeasure(): void {
    this.place = 'measure';
    if (this.measureDetector.pass()) this.measure();
  }

  private measure(): void {
    if (this.measureAction === SmuConstant.DISABLE) {
      this.later(TRANSITION_SECONDS, () => this.waitForEndpulse());
      return;
    }
    this.later(this.smu.measureSeconds + this.smu.autorangeSeconds(), () => {
      const reading = this.smu.read();
      for (const { quantity, buffer } of this.measurements) this.smu.store(buffer, reading, quantity);
      this.place = 'endpulse';
      this.bus.fire(this.events.measureComplete);
      this.waitForEndpulse();
    });
  }

  private waitForEndpulse(): void {
    this.place = 'endpulse';
    if (this.endpulseDetector.pass()) this.endpulse();
  }

  private endpulse(): void {
    if (this.endpulseAction === SmuConstant.SOURCE_IDLE) {
      this.smu.sweepVolts = null;
      this.smu.sweepLimitAmps = null;
      this.smu.apply();
    }
    this.place = 'source';
    this.bus.fire(this.events.pulseComplete);
    this.pointsDone += 1;
    if (this.count === 0 || this.pointsDone < this.count) {
      this.later(TRANSITION_SECONDS, () => this.waitForSource());
    } else this.endSweep();
  }

  private endSweep(): void {
    if (this.endsweepAction === SmuConstant.SOURCE_IDLE) this.smu.sweepVolts = null;
    else if (this.smu.sweepVolts !== null) this.smu.levelVolts = this.smu.sweepVolts;
    this.smu.sweepLimitAmps = null;
    this.smu.apply();
    this.armsDone += 1;
    this.later(this.smu.sourceSeconds, () => {
      this.bus.fire(this.events.sweepComplete);
      if (this.armCount === 0 || this.armsDone < this.armCount) this.waitForArm();
      else this.finish();
    });
  }

  private finish(): void {
    this.place = 'idle';
    this.smu.sweepVolts = null;
    this.smu.sweepLimitAmps = null;
    this.smu.apply();
    for (const detector of this.detectors()) detector.awaited = false;
    for (const resolve of this.whenIdle.splice(0)) resolve();
    this.bus.fire(this.events.idle);
  }
}
