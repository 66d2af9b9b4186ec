/** Something that reacts to a trigger event. */
export interface EventListener {
  trigger(): void;
}

/** The trigger events of one instrument: every generator has a number, stimuli are set to that number. */
export class EventBus {
  private nextId = 1;
  private readonly listeners = new Map<number, EventListener[]>();

  newEventId(): number {
    return this.nextId++;
  }

  knows(eventId: number): boolean {
    return Number.isInteger(eventId) && eventId >= 0 && eventId < this.nextId;
  }

  listen(eventId: number, listener: EventListener): void {
    if (eventId === 0) return;
    const present = this.listeners.get(eventId);
    if (present === undefined) this.listeners.set(eventId, [listener]);
    else present.push(listener);
  }

  silence(eventId: number, listener: EventListener): void {
    const present = this.listeners.get(eventId);
    if (present !== undefined) {
      this.listeners.set(
        eventId,
        present.filter((other) => other !== listener),
      );
    }
  }

  fire(eventId: number): void {
    const present = this.listeners.get(eventId);
    if (present === undefined) return;
    for (let i = 0; i < present.length; i++) present[i].trigger();
  }
}

/** A stimulus input: the number of the event it reacts to; 0 reacts to none. */
export class Stimulus {
  private readonly bus: EventBus;
  private readonly listener: EventListener;
  private eventId = 0;

  constructor(bus: EventBus, listener: EventListener) {
    this.bus = bus;
    this.listener = listener;
  }

  get(): number {
    return this.eventId;
  }

  set(eventId: number): void {
    this.bus.silence(this.eventId, this.listener);
    this.eventId = eventId;
    this.bus.listen(eventId, this.listener);
  }
}

/** An event detector of the trigger model: remembers one event until the model passes it. */
export class EventDetector implements EventListener {
  readonly stimulus: Stimulus;
  detected = false;
  overrun = false;
  /** Called when an event arrives while the model waits here. */
  private readonly waiting: () => void;
  awaited = false;

  constructor(bus: EventBus, waiting: () => void) {
    this.stimulus = new Stimulus(bus, this);
    this.waiting = waiting;
  }

  trigger(): void {
    if (this.awaited) {
      this.awaited = false;
      this.waiting();
    } else if (this.detected) this.overrun = true;
    else this.detected = true;
  }

  /** True when the model may pass at once; false when it now waits here. */
  pass(): boolean {
    if (this.stimulus.get() === 0) return true;
    if (this.detected) {
      this.detected = false;
      return true;
    }
    this.awaited = true;
    return false;
  }

  clear(): void {
    this.detected = false;
    this.overrun = false;
    this.awaited = false;
  }
}
