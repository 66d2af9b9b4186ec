import type { Crosspoint } from '../../../drivers/capabilities.ts';
import type { ProbeStation, Terminal } from '../../../drivers/simulated/probe-station.ts';
import type { SupplyName } from '../../../wafer/pad-map.ts';
import { ResistorStation } from '../resistor-station.ts';

/** The truth behind one simulated instrument: what is sourced, enabled, closed, powered and touched at this moment. */
export class ConformanceWorld extends ResistorStation implements ProbeStation {
  enabledLine: number | null = null;
  crosspoints: readonly Crosspoint[] = [];
  readonly supplied = new Map<SupplyName, { readonly on: boolean; readonly volts: number }>();

  constructor() {
    super({ ohmsA: 18e3, ohmsB: 40e3, ohmsBetween: 1e12 });
  }

  override setEnableLine(line: number | null): void {
    this.enabledLine = line;
  }

  override gateLeakageAmps(): number {
    return 2.5e-9;
  }

  override setCrosspoints(crosspoints: readonly Crosspoint[]): void {
    this.crosspoints = crosspoints;
  }

  override setSupply(name: SupplyName, on: boolean, volts: number): void {
    this.supplied.set(name, { on, volts });
  }

  override senseSupply(name: SupplyName): Terminal {
    const { on, volts } = this.supplied.get(name) ?? { on: false, volts: 0 };
    return { volts: on ? volts : 0, amps: on ? volts / 1200 : 0, inCompliance: false };
  }

  override moveChuck(x: number, y: number): void {
    this.dieUnderNeedles = { x, y };
  }

  override setHeight(height: 'separation' | 'contact'): void {
    if (height === 'contact' && this.height !== 'contact') this.touchdowns += 1;
    this.height = height;
  }
}
