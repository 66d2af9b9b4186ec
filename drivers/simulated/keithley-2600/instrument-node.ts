import type { SourceChannel } from '../../capabilities.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { ChannelErrors, type ErrorSizes } from './channel-errors.ts';
import { EventBus } from './event-bus.ts';
import { SmuChannel } from './smu-channel.ts';
import { TriggerModel } from './trigger-model.ts';
import { TriggerBlender, TriggerGenerator, TriggerTimer, TspLinkPort, type TspLinkWire } from './trigger-objects.ts';
import type { TspNode } from './tsp-node.ts';

const COUNTS = { blenders: 6, timers: 8, generators: 2, digitalLines: 14 } as const;

export interface NodeOptions {
  readonly number: number;
  readonly serial: string;
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly wires: readonly TspLinkWire[];
  readonly channels: { readonly a: SourceChannel | null; readonly b: SourceChannel | null };
  readonly seed: number;
  readonly errors: ErrorSizes;
  readonly lineHertz: number;
}

/** One Model 2602B: two channels and its trigger objects. */
export class InstrumentNode implements TspNode {
  readonly number: number;
  readonly serial: string;
  readonly lineHertz: number;
  readonly bus = new EventBus();
  readonly smua: SmuChannel;
  readonly smub: SmuChannel;
  readonly modelA: TriggerModel;
  readonly modelB: TriggerModel;
  readonly commandTrigger: TriggerGenerator;
  readonly blenders: readonly TriggerBlender[];
  readonly timers: readonly TriggerTimer[];
  readonly generators: readonly TriggerGenerator[];
  readonly links: readonly TspLinkPort[];
  /** Digital lines by their bit; not changed by reset(). */
  digitalPort = 2 ** COUNTS.digitalLines - 1;
  digitalWriteProtect = 0;

  constructor(options: NodeOptions) {
    const { number, station, clock, channels, seed, errors, lineHertz } = options;
    this.number = number;
    this.serial = options.serial;
    this.lineHertz = lineHertz;
    const channel = (which: SourceChannel | null, place: number) =>
      new SmuChannel(station, clock, which, new ChannelErrors((seed * 16 + number * 2 + place) | 0, errors), lineHertz);
    this.smua = channel(channels.a, 0);
    this.smub = channel(channels.b, 1);
    this.modelA = new TriggerModel(this.smua, this.bus, clock);
    this.modelB = new TriggerModel(this.smub, this.bus, clock);
    this.commandTrigger = new TriggerGenerator(this.bus);
    this.blenders = Array.from({ length: COUNTS.blenders }, () => new TriggerBlender(this.bus));
    this.timers = Array.from({ length: COUNTS.timers }, () => new TriggerTimer(this.bus, clock));
    this.generators = Array.from({ length: COUNTS.generators }, () => new TriggerGenerator(this.bus));
    this.links = options.wires.map((wire) => new TspLinkPort(this.bus, clock, wire));
  }

  trigger(): void {
    this.commandTrigger.assert();
  }

  get sweeping(): boolean {
    return this.modelA.busy || this.modelB.busy;
  }

  /** localnode.reset(): digital lines keep their state. */
  reset(): void {
    for (const model of [this.modelA, this.modelB]) model.reset();
    for (const smu of [this.smua, this.smub]) smu.reset();
    for (const object of [...this.blenders, ...this.timers, ...this.links]) object.reset();
  }

  async idle(): Promise<void> {
    await this.modelA.idle();
    await this.modelB.idle();
  }
}
