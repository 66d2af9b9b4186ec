import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { DeviceRefusal, decimal, none, number, SerialDevice } from './serial-device.ts';

/** The measured gate voltage lies this much below the set one: a driver's output resistance and offset. */
const GATE_ERROR_VOLTS = 2e-4;
/** Above this leakage the driver switches off: a gate oxide that is gone. */
const OVERLOAD_AMPS = 1e-4;
const SWITCH_SECONDS = 2e-5;

/** The enable-line controller of drivers/PROTOCOL.md, acting on the simulated station. */
export class SimulatedEnableLineController extends SerialDevice {
  private readonly station: ProbeStation;
  private readonly lines: number;
  private gateVolts = 0;
  private line: number | null = null;

  constructor(station: ProbeStation, clock: SimulatedClock, lines: number) {
    super(clock, 'tunnelbench,ELC-128,SIM0001,1.0');
    this.station = station;
    this.lines = lines;
  }

  get state(): { enabled: number | null; gateVolts: number; settleSeconds: number } {
    return { enabled: this.line, gateVolts: this.gateVolts, settleSeconds: this.settleSeconds };
  }

  protected reset(): void {
    this.drive(null);
    this.gateVolts = 0;
  }

  protected async execute(verb: string, args: readonly string[]): Promise<string> {
    switch (verb) {
      case 'LINES?':
        none(args);
        return String(this.lines);
      case 'GATE':
        return this.setGate(decimal(args, 0, 5));
      case 'GATE?':
        none(args);
        return number(this.gateVolts);
      case 'ENABLE':
        return this.enable(args);
      case 'ENABLE?':
        none(args);
        return this.readBack();
      case 'MEAS?':
        none(args);
        return this.measure();
      default:
        throw new DeviceRefusal(3);
    }
  }

  private setGate(volts: number): string {
    if (this.line !== null) throw new DeviceRefusal(12);
    this.gateVolts = volts;
    return number(volts);
  }

  private async enable(args: readonly string[]): Promise<string> {
    if (args.length !== 1) throw new DeviceRefusal(4);
    const line = args[0] === 'NONE' ? null : Number(args[0]);
    if (line !== null && !/^\d+$/.test(args[0])) throw new DeviceRefusal(4);
    if (line !== null && line >= this.lines) throw new DeviceRefusal(10);
    // Old line low first, then the new one high: two lines are never open together.
    if (this.line !== line) {
      this.drive(null);
      await this.clock.spend(SWITCH_SECONDS);
      if (line !== null) this.drive(line);
    }
    await this.settle();
    this.clock.touch();
    if (Math.abs(this.station.gateLeakageAmps()) > OVERLOAD_AMPS) {
      this.drive(null);
      throw new DeviceRefusal(14);
    }
    return this.readBack();
  }

  private drive(line: number | null): void {
    this.clock.touch();
    this.line = line;
    this.station.setEnableLine(line, line === null ? 0 : this.gateVolts);
  }

  private readBack(): string {
    return this.line === null ? 'NONE' : String(this.line);
  }

  private measure(): string {
    this.clock.touch();
    if (this.line === null) return '0 0';
    const volts = Math.max(0, this.gateVolts - GATE_ERROR_VOLTS);
    return `${number(volts)} ${number(this.station.gateLeakageAmps())}`;
  }
}
