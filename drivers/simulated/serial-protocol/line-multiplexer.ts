import type { LineKind, SourceChannel } from '../../capabilities.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { DeviceRefusal, none, SerialDevice } from './serial-device.ts';

interface Joint {
  readonly kind: LineKind;
  readonly index: number;
  readonly channel: SourceChannel;
}

const CHANNELS: Readonly<Record<string, SourceChannel>> = { A: 'columnA', B: 'columnB', X: 'row' };
const LETTERS: Readonly<Record<SourceChannel, string>> = { columnA: 'A', columnB: 'B', row: 'X' };
/** A reed relay opens or closes in about this time. */
const RELAY_SECONDS = 2e-4;

/** The line multiplexer of drivers/PROTOCOL.md: even columns on A, odd columns on B, rows on X. */
export class SimulatedLineMultiplexer extends SerialDevice {
  private readonly station: ProbeStation;
  private readonly rows: number;
  private readonly columns: number;
  private joints: readonly Joint[] = [];
  private cycles = 0;
  /** Relays that do not follow their driver; the driver's read-back tells. Set by tests: "C4=A" stays as given. */
  readonly stuckRelays = new Map<string, 'open' | 'closed'>();

  constructor(station: ProbeStation, clock: SimulatedClock, rows: number, columns: number) {
    super(clock, 'tunnelbench,LMX-300,SIM0002,1.0');
    this.station = station;
    this.rows = rows;
    this.columns = columns;
  }

  get state(): { route: string; settleSeconds: number; cycles: number } {
    return { route: print(this.joints), settleSeconds: this.settleSeconds, cycles: this.cycles };
  }

  protected reset(): void {
    this.move([]);
  }

  protected async execute(verb: string, args: readonly string[]): Promise<string> {
    switch (verb) {
      case 'SIZE?':
        none(args);
        return `${this.rows} ${this.columns}`;
      case 'ROUTE':
        return this.route(args);
      case 'ROUTE?':
        none(args);
        return print(this.joints);
      case 'CYCLES?':
        none(args);
        return String(this.cycles);
      default:
        throw new DeviceRefusal(3);
    }
  }

  private async route(args: readonly string[]): Promise<string> {
    if (args.length === 0) throw new DeviceRefusal(4);
    const wanted = args.length === 1 && args[0] === 'NONE' ? [] : this.parse(args);
    const kept = this.joints.filter((joint) => wanted.some((other) => name(other) === name(joint)));
    // Break before make.
    if (kept.length < this.joints.length) {
      this.move(kept);
      await this.clock.spend(RELAY_SECONDS);
    }
    if (kept.length < wanted.length) {
      this.move(wanted);
      await this.clock.spend(RELAY_SECONDS);
    }
    if (print(this.joints) !== print(wanted)) {
      this.move([]);
      throw new DeviceRefusal(13);
    }
    await this.settle();
    return print(this.joints);
  }

  private parse(args: readonly string[]): Joint[] {
    const joints = args.map((text) => this.parseJoint(text));
    const lines = new Set(joints.map(({ kind, index }) => `${kind} ${index}`));
    if (lines.size < joints.length) throw new DeviceRefusal(4);
    return sorted(joints);
  }

  private parseJoint(text: string): Joint {
    const match = /^([RC])(\d{1,5})=([ABX])$/.exec(text);
    if (match === null) throw new DeviceRefusal(4);
    const kind: LineKind = match[1] === 'R' ? 'row' : 'column';
    const index = Number(match[2]);
    if (index >= (kind === 'row' ? this.rows : this.columns)) throw new DeviceRefusal(10);
    const exists = match[3] === (kind === 'row' ? 'X' : index % 2 === 0 ? 'A' : 'B');
    if (!exists) throw new DeviceRefusal(11);
    return { kind, index, channel: CHANNELS[match[3]] };
  }

  /** Moves the relays; a stuck one stays where it is and the read-back shows it. */
  private move(wanted: readonly Joint[]): void {
    this.clock.touch();
    const before = this.joints.map(name);
    const free = wanted.filter((joint) => this.stuckRelays.get(name(joint)) !== 'open');
    const closed = [...this.stuckRelays]
      .filter(([text, how]) => how === 'closed' && !free.some((joint) => name(joint) === text))
      .map(([text]) => this.parseJoint(text));
    this.joints = sorted([...free, ...closed]);
    const after = this.joints.map(name);
    this.cycles +=
      before.filter((text) => !after.includes(text)).length + after.filter((text) => !before.includes(text)).length;
    this.station.setCrosspoints(this.joints);
  }
}

function name({ kind, index, channel }: Joint): string {
  return `${kind === 'row' ? 'R' : 'C'}${index}=${LETTERS[channel]}`;
}

/** R before C, each ascending: the order of the protocol's replies. */
function sorted(joints: readonly Joint[]): Joint[] {
  return [...joints].sort((a, b) => (a.kind === b.kind ? a.index - b.index : a.kind === 'row' ? -1 : 1));
}

function print(joints: readonly Joint[]): string {
  return joints.length === 0 ? 'NONE' : joints.map(name).join(' ');
}
