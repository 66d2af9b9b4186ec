import { type ChuckHeight, SOURCE_CHANNELS, type SourceChannel } from '../../drivers/capabilities.ts';
import type { ProbeStation, SourceSetting, Terminal } from '../../drivers/simulated/probe-station.ts';
import type { SupplyName } from '../../wafer/pad-map.ts';

/** Two resistors from the columns to the row and one between the columns: the least a pair can be. */
export interface PairOfResistors {
  ohmsA: number;
  ohmsB: number;
  ohmsBetween: number;
}

const OFF: SourceSetting = { outputOn: false, volts: 0, limitAmps: 1e-3 };

/** A station whose wafer is one pair of resistors; records the largest voltage ever seen by each of them. */
export class ResistorStation implements ProbeStation {
  now = 0;
  readonly pair: PairOfResistors;
  readonly largestVolts = { A: 0, B: 0 };
  lowestPadVolts = 0;
  height: ChuckHeight = 'separation';
  dieUnderNeedles: { x: number; y: number } | null = null;
  readonly chuckCelsius = 25;
  touchdowns = 0;
  readonly #settings: Record<SourceChannel, SourceSetting> = { columnA: OFF, columnB: OFF, row: OFF };

  constructor(pair: PairOfResistors) {
    this.pair = pair;
  }

  advance(seconds: number): void {
    this.now += seconds;
    const { columnA, columnB, row } = this.#solve();
    this.largestVolts.A = Math.max(this.largestVolts.A, Math.abs(columnA.volts - row.volts));
    this.largestVolts.B = Math.max(this.largestVolts.B, Math.abs(columnB.volts - row.volts));
    this.lowestPadVolts = Math.min(this.lowestPadVolts, columnA.volts, columnB.volts, row.volts);
  }

  setSource(channel: SourceChannel, setting: SourceSetting): void {
    this.#settings[channel] = setting;
  }

  sourceSetting(channel: SourceChannel): SourceSetting {
    return this.#settings[channel];
  }

  sense(channel: SourceChannel): Terminal {
    return this.#solve()[channel];
  }

  /** Relaxation: a channel beyond its limit becomes a current source of that limit. */
  #solve(): Record<SourceChannel, Terminal> {
    const { ohmsA, ohmsB, ohmsBetween } = this.pair;
    const conductance: Record<SourceChannel, Partial<Record<SourceChannel, number>>> = {
      columnA: { row: 1 / ohmsA, columnB: 1 / ohmsBetween },
      columnB: { row: 1 / ohmsB, columnA: 1 / ohmsBetween },
      row: { columnA: 1 / ohmsA, columnB: 1 / ohmsB },
    };
    const set = (channel: SourceChannel) => (this.#settings[channel].outputOn ? this.#settings[channel].volts : 0);
    const volts = { columnA: set('columnA'), columnB: set('columnB'), row: set('row') };
    const limited = new Map<SourceChannel, number>();
    const current = (channel: SourceChannel) =>
      Object.entries(conductance[channel]).reduce(
        (sum, [other, g]) => sum + g * (volts[channel] - volts[other as SourceChannel]),
        0,
      );
    for (let round = 0; round < 500; round++) {
      for (const channel of SOURCE_CHANNELS) {
        const limit = this.#settings[channel].limitAmps;
        if (!limited.has(channel) && Math.abs(current(channel)) > limit * (1 + 1e-9)) {
          limited.set(channel, Math.sign(current(channel)) * limit);
        }
        const amps = limited.get(channel);
        if (amps === undefined) continue;
        const links = Object.entries(conductance[channel]);
        const total = links.reduce((sum, [, g]) => sum + g, 0);
        const pulled = links.reduce((sum, [other, g]) => sum + g * volts[other as SourceChannel], 0);
        volts[channel] = (amps + pulled) / total;
      }
      if (limited.size === 0) break;
    }
    const terminal = (channel: SourceChannel): Terminal => ({
      volts: volts[channel],
      amps: current(channel),
      inCompliance: limited.has(channel),
    });
    return { columnA: terminal('columnA'), columnB: terminal('columnB'), row: terminal('row') };
  }

  setCrosspoints(_crosspoints: Parameters<ProbeStation['setCrosspoints']>[0]): void {}
  setEnableLine(_line: number | null): void {}
  gateLeakageAmps(): number {
    return 0;
  }
  setSupply(_name: SupplyName, _on: boolean, _volts: number): void {}
  senseSupply(_name: SupplyName): Terminal {
    return { volts: 0, amps: 0, inCompliance: false };
  }
  moveChuck(_x: number, _y: number): void {}
  setHeight(_height: 'separation' | 'contact'): void {}
}
