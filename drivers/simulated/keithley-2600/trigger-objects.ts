import type { ScheduledEvent, SimulatedClock } from '../simulated-clock.ts';
import { type EventBus, type EventListener, Stimulus } from './event-bus.ts';

/** Base of the trigger objects with an EVENT_ID and a latched state that `wait` and `clear` see. */
abstract class TriggerObject {
  readonly eventId: number;
  protected readonly bus: EventBus;
  private latched = false;
  private readonly waiters: (() => void)[] = [];

  constructor(bus: EventBus) {
    this.bus = bus;
    this.eventId = bus.newEventId();
  }

  clear(): void {
    this.latched = false;
  }

  /** Resolves true when the event has been or is detected in time. */
  wait(clock: SimulatedClock, timeoutSeconds: number): Promise<boolean> {
    if (this.latched) {
      this.latched = false;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const timeout = clock.after(timeoutSeconds, () => resolve(false));
      this.waiters.push(() => {
        timeout.cancelled = true;
        this.latched = false;
        resolve(true);
      });
    });
  }

  protected emit(): void {
    this.latched = true;
    if (this.waiters.length > 0) for (const waiter of this.waiters.splice(0)) waiter();
    this.bus.fire(this.eventId);
  }
}

/** trigger.EVENT_ID (fired by *TRG) and trigger.generator[N]. */
export class TriggerGenerator extends TriggerObject {
  assert(): void {
    this.emit();
  }
}

export const BLENDER_STIMULI = 4;

/** trigger.blender[N]: fires when all (or, with orenable, any) of its assigned stimuli have been seen. */
export class TriggerBlender extends TriggerObject {
  orEnable = false;
  readonly stimuli: Stimulus[];
  private readonly seen: boolean[] = new Array(BLENDER_STIMULI).fill(false);
  overrun = false;

  constructor(bus: EventBus) {
    super(bus);
    this.stimuli = this.seen.map((_, place) => new Stimulus(bus, { trigger: () => this.see(place) }));
  }

  override clear(): void {
    super.clear();
    this.seen.fill(false);
    this.overrun = false;
  }

  reset(): void {
    this.orEnable = false;
    for (const stimulus of this.stimuli) stimulus.set(0);
    this.clear();
  }

  private see(place: number): void {
    if (this.orEnable) {
      this.emit();
      return;
    }
    if (this.seen[place]) this.overrun = true;
    this.seen[place] = true;
    if (!this.stimuli.every((stimulus, i) => stimulus.get() === 0 || this.seen[i])) return;
    this.seen.fill(false);
    this.emit();
  }
}

/** trigger.timer[N]: after its stimulus fires `count` events, `delay` (or the next of `delayList`) apart. */
export class TriggerTimer extends TriggerObject implements EventListener {
  readonly stimulus: Stimulus;
  delaySeconds = 1e-5;
  delayList: readonly number[] = [];
  count = 1;
  passThrough = false;
  overrun = false;
  private readonly clock: SimulatedClock;
  private running: ScheduledEvent | null = null;

  constructor(bus: EventBus, clock: SimulatedClock) {
    super(bus);
    this.clock = clock;
    this.stimulus = new Stimulus(bus, this);
  }

  trigger(): void {
    if (this.running !== null) {
      this.overrun = true;
      return;
    }
    this.schedule(0);
    if (this.passThrough) this.emit();
  }

  reset(): void {
    if (this.running !== null) this.running.cancelled = true;
    this.running = null;
    this.stimulus.set(0);
    this.delaySeconds = 1e-5;
    this.delayList = [];
    this.count = 1;
    this.passThrough = false;
    this.overrun = false;
    this.clear();
  }

  private schedule(done: number): void {
    const { delayList } = this;
    const delay = delayList.length > 0 ? delayList[done % delayList.length] : this.delaySeconds;
    this.running = this.clock.after(delay, () => {
      this.running = null;
      if (this.count === 0 || done + 1 < this.count) this.schedule(done + 1);
      this.emit();
    });
  }
}

export const LINE_MODES = {
  TRIG_BYPASS: 0,
  TRIG_FALLING: 1,
  TRIG_RISING: 2,
  TRIG_EITHER: 3,
  TRIG_SYNCHRONOUSA: 4,
  TRIG_SYNCHRONOUS: 5,
  TRIG_SYNCHRONOUSM: 6,
  TRIG_RISINGA: 7,
  TRIG_RISINGM: 8,
} as const;

const DETECTS_FALLING: readonly number[] = [1, 3, 4, 5];
const DETECTS_RISING: readonly number[] = [2, 3, 6, 7];
const LATCHES: readonly number[] = [4, 5];

/** One of the three TSP-Link trigger wires: open drain, low as long as any instrument pulls it. */
export class TspLinkWire {
  private readonly ports: TspLinkPort[] = [];
  private low = false;

  join(port: TspLinkPort): void {
    this.ports.push(port);
  }

  settle(): void {
    const low = this.ports.some((port) => port.pulls);
    if (low === this.low) return;
    this.low = low;
    for (const port of this.ports) port.edge(low);
  }

  get isLow(): boolean {
    return this.low;
  }
}

/** tsplink.trigger[N] of one instrument. An edge is seen by all instruments on the wire, the sender included. */
export class TspLinkPort extends TriggerObject implements EventListener {
  readonly stimulus: Stimulus;
  mode: number = LINE_MODES.TRIG_BYPASS;
  pulseSeconds = 1e-5;
  overrun = false;
  private readonly wire: TspLinkWire;
  private readonly clock: SimulatedClock;
  private pulsing = false;
  private latchedLow = false;
  private release: ScheduledEvent | null = null;
  private readonly endPulse = () => {
    this.release = null;
    this.pulsing = false;
    this.wire.settle();
  };

  constructor(bus: EventBus, clock: SimulatedClock, wire: TspLinkWire) {
    super(bus);
    this.clock = clock;
    this.wire = wire;
    this.stimulus = new Stimulus(bus, this);
    wire.join(this);
  }

  get pulls(): boolean {
    return this.mode === LINE_MODES.TRIG_RISINGM ? !this.pulsing : this.pulsing || this.latchedLow;
  }

  setMode(mode: number): void {
    this.mode = mode;
    this.letGo();
  }

  trigger(): void {
    this.assert();
  }

  assert(): void {
    if (this.mode === LINE_MODES.TRIG_BYPASS) return;
    if (this.mode === LINE_MODES.TRIG_SYNCHRONOUSA) {
      this.latchedLow = false;
      this.wire.settle();
      return;
    }
    if (this.mode !== LINE_MODES.TRIG_RISINGM && this.wire.isLow && !this.latchedLow) {
      this.overrun = true;
      return;
    }
    this.pulsing = true;
    this.latchedLow = false;
    this.wire.settle();
    this.release = this.clock.after(this.pulseSeconds, this.endPulse);
  }

  /** Releases a latched line without an event. */
  letGo(): void {
    if (this.release !== null) this.release.cancelled = true;
    this.release = null;
    this.pulsing = false;
    this.latchedLow = false;
    this.wire.settle();
  }

  edge(low: boolean): void {
    if (low && LATCHES.includes(this.mode)) this.latchedLow = true;
    if ((low ? DETECTS_FALLING : DETECTS_RISING).includes(this.mode)) this.emit();
  }

  reset(): void {
    this.stimulus.set(0);
    this.pulseSeconds = 1e-5;
    this.overrun = false;
    this.setMode(LINE_MODES.TRIG_BYPASS);
    this.clear();
  }
}
