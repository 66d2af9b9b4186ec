import type { SupplyName } from '../../../wafer/pad-map.ts';
import type { Terminal } from '../probe-station.ts';
import type { Rails } from './array-network.ts';

export interface SupplySetting {
  readonly on: boolean;
  readonly volts: number;
  readonly limitAmps: number;
}

/** Quiescent consumption of the CMOS under the array: 22 µS, 40 µA at 1.8 V. Our choice; no figure is published. */
const QUIESCENT_SIEMENS = 22e-6;
const OFF: SupplySetting = { on: false, volts: 0, limitAmps: 0 };

/** The three supplies. An output that is off holds its line at 0 V. */
export class SupplyRack {
  readonly #settings: Record<SupplyName, SupplySetting> = { vdd: OFF, vss: OFF, substrate: OFF };

  set(name: SupplyName, setting: SupplySetting): void {
    this.#settings[name] = setting;
  }

  volts(name: SupplyName): number {
    const { on, volts } = this.#settings[name];
    return on ? volts : 0;
  }

  /** On at a voltage that powers anything. */
  isOn(name: SupplyName): boolean {
    return this.volts(name) > 0.1;
  }

  rails(): Rails {
    return { substrateVolts: this.volts('substrate'), railVolts: this.volts('vdd') };
  }

  /** Terminal of one supply; vss returns what vdd delivers. A supply at its limit falls until the load takes just that. */
  sense(name: SupplyName, touching: boolean, leakAmps: Readonly<Partial<Record<SupplyName, number>>>): Terminal {
    const { on, limitAmps } = this.#settings[name];
    if (!on) return { volts: 0, amps: 0, inCompliance: false };
    const volts = this.volts(name);
    if (!touching) return { volts, amps: 0, inCompliance: false };
    const quiescent = QUIESCENT_SIEMENS * (this.volts('vdd') - this.volts('vss'));
    const own = name === 'vdd' ? quiescent : name === 'vss' ? -quiescent : 0;
    const wanted = own + (leakAmps[name] ?? 0);
    if (Math.abs(wanted) <= limitAmps) return { volts, amps: wanted, inCompliance: false };
    return { volts: (volts * limitAmps) / Math.abs(wanted), amps: Math.sign(wanted) * limitAmps, inCompliance: true };
  }
}
