/**
 * The physical world behind the simulated instruments: what the protocol servers act upon. One object holds the
 * wafer on the chuck, the needles, relays, gates, supplies and the three source channels, on one simulated time axis.
 */
import type { SupplyName } from '../../wafer/pad-map.ts';
import type { ChuckHeight, LineKind, SourceChannel } from '../capabilities.ts';

export interface SourceSetting {
  readonly outputOn: boolean;
  readonly volts: number;
  readonly limitAmps: number;
  /** A driven guard: it holds whatever voltage that channel's terminal has, the channel in its limit included. */
  readonly follows?: SourceChannel;
}

/** What a channel sees, before the instrument's own noise and quantisation. */
export interface Terminal {
  readonly volts: number;
  /** Current out of the channel into the line. */
  readonly amps: number;
  readonly inCompliance: boolean;
}

export interface ProbeStation {
  /** Simulated seconds since the bench started. */
  readonly now: number;
  /** Lets simulated time pass under the present bias: switching, stress and breakdown happen here. */
  advance(seconds: number): void;

  // Source channels
  setSource(channel: SourceChannel, setting: SourceSetting): void;
  sourceSetting(channel: SourceChannel): SourceSetting;
  sense(channel: SourceChannel): Terminal;

  // Relays: exactly these crosspoints
  setCrosspoints(crosspoints: readonly { kind: LineKind; index: number; channel: SourceChannel }[]): void;

  // Gates
  setEnableLine(line: number | null, gateVolts: number): void;
  gateLeakageAmps(): number;

  // Supplies
  setSupply(name: SupplyName, on: boolean, volts: number, limitAmps: number): void;
  senseSupply(name: SupplyName): Terminal;

  // Chuck
  readonly height: ChuckHeight;
  readonly dieUnderNeedles: { readonly x: number; readonly y: number } | null;
  readonly chuckCelsius: number;
  moveChuck(x: number, y: number): void;
  setHeight(height: 'separation' | 'contact', overdriveMicrometres: number): void;
  readonly touchdowns: number;
}
