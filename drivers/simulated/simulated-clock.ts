import { performance } from 'node:perf_hooks';

/** How simulated time relates to the wall: `full` never waits, `real` is 1, a factor of 10 is ten times faster than real. */
export type TimeScale = 'full' | 'real' | number;

/** Reads `full`, `real` or a positive factor; null for anything else. */
export function parseTimeScale(text: string): TimeScale | null {
  if (text === 'full' || text === 'real') return text;
  const factor = Number(text);
  return text.trim() !== '' && Number.isFinite(factor) && factor > 0 ? factor : null;
}

/** What the clock moves along: the physical world, whose own time may lag behind until an instrument touches it. */
export interface TimedWorld {
  readonly now: number;
  advance(seconds: number): void;
}

export interface ScheduledEvent {
  readonly seconds: number;
  readonly order: number;
  readonly action: () => void;
  cancelled: boolean;
}

/** At full speed the queue is worked off in slices, so that sockets are still served during an endless sweep. */
const SLICE_MILLISECONDS = 10;

/**
 * One time axis for all instruments: a queue of events in simulated time. At full speed events follow each other
 * without waiting; otherwise an event is due when the scaled wall clock reaches it, and simulated time also passes
 * while nothing is scheduled.
 */
export class SimulatedClock {
  private readonly world: TimedWorld;
  private readonly factor: number | null;
  private readonly heap: ScheduledEvent[] = [];
  private seconds: number;
  private readonly wallStart = performance.now();
  private readonly simulatedStart: number;
  private order = 0;
  private immediate: NodeJS.Immediate | null = null;
  private timer: NodeJS.Timeout | null = null;
  private running = false;
  private closed = false;

  constructor(world: TimedWorld, scale: TimeScale) {
    this.world = world;
    this.factor = scale === 'full' ? null : scale === 'real' ? 1 : scale;
    this.seconds = world.now;
    this.simulatedStart = world.now;
  }

  /** Simulated seconds. */
  get now(): number {
    if (!this.running) this.followWall();
    return this.seconds;
  }

  /** Brings the physical world up to the present: every instrument calls it before it reads or changes the world. */
  touch(): void {
    const lag = this.now - this.world.now;
    if (lag > 0) this.world.advance(lag);
  }

  after(delaySeconds: number, action: () => void): ScheduledEvent {
    const event = { seconds: this.now + delaySeconds, order: this.order++, action, cancelled: false };
    this.push(event);
    this.wake();
    return event;
  }

  /** Resolves when this much simulated time has passed. */
  spend(seconds: number): Promise<void> {
    return new Promise((resolve) => void this.after(seconds, resolve));
  }

  /** Lets simulated time pass at once, with everything that falls due in it; the control port's `advance`. */
  skip(seconds: number): void {
    const end = this.now + seconds;
    this.runUntil(end, Number.POSITIVE_INFINITY);
    this.seconds = Math.max(this.seconds, end);
    this.skipped += this.factor === null ? 0 : seconds;
    this.touch();
  }
  private skipped = 0;

  /** Forgets all events; nothing runs afterwards. */
  close(): void {
    this.closed = true;
    this.heap.length = 0;
    if (this.immediate !== null) clearImmediate(this.immediate);
    if (this.timer !== null) clearTimeout(this.timer);
    this.immediate = null;
    this.timer = null;
  }

  private wallSeconds(): number {
    const factor = this.factor ?? 0;
    return this.simulatedStart + this.skipped + ((performance.now() - this.wallStart) / 1000) * factor;
  }

  private followWall(): void {
    if (this.factor === null) return;
    const next = this.heap.length > 0 ? this.heap[0].seconds : Number.POSITIVE_INFINITY;
    const target = Math.min(this.wallSeconds(), next);
    if (target > this.seconds) this.seconds = target;
  }

  private wake(): void {
    if (this.closed || this.running) return;
    if (this.factor === null) {
      this.immediate ??= setImmediate(() => this.slice());
      return;
    }
    if (this.timer !== null) clearTimeout(this.timer);
    const waitMilliseconds = ((this.heap[0].seconds - this.wallSeconds()) / this.factor) * 1000;
    this.timer = setTimeout(() => this.slice(), Math.max(0, Math.min(waitMilliseconds, 2 ** 31 - 1)));
  }

  private slice(): void {
    this.immediate = null;
    this.timer = null;
    const until = this.factor === null ? Number.POSITIVE_INFINITY : this.wallSeconds();
    this.runUntil(until, performance.now() + SLICE_MILLISECONDS);
    if (this.heap.length > 0) this.wake();
  }

  private runUntil(untilSeconds: number, wallDeadline: number): void {
    this.running = true;
    try {
      let count = 0;
      while (this.heap.length > 0 && this.heap[0].seconds <= untilSeconds) {
        const event = this.pop();
        if (event.cancelled) continue;
        if (event.seconds > this.seconds) this.seconds = event.seconds;
        event.action();
        count += 1;
        if (count % 64 === 0 && performance.now() > wallDeadline) break;
      }
    } finally {
      this.running = false;
    }
  }

  private push(event: ScheduledEvent): void {
    const { heap } = this;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!before(event, heap[parent])) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = event;
  }

  private pop(): ScheduledEvent {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop() as ScheduledEvent;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child += 1;
      if (!before(heap[child], last)) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.order < b.order);
}
