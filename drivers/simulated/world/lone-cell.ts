import { wholePathOhms } from '../../../physics/access-path.ts';
import { ArrayElements } from '../../../physics/array-elements.ts';
import { CELL_LABELS, type DiePopulation } from './die-population.ts';
import type { SimulatedWafer } from './simulated-wafer.ts';
import type { StationOptions } from './station-options.ts';

/** Transistors, lines and contacts of a cell, ohms. */
export function pathOhms({ accessPath, geometry }: StationOptions, cell: number): number {
  return wholePathOhms(accessPath, Math.floor(cell / geometry.columns), cell % geometry.columns);
}

/** Cells of dead lines have no path at all. */
export function isCutOff(population: DiePopulation, cell: number): boolean {
  const label = CELL_LABELS[population.labels[cell]];
  return label === 'deadRow' || label === 'deadColumn';
}

/** A lone cell as one circuit element: its whole path, contacts included, and nothing else of the array. */
export class LoneCell {
  readonly #element: ArrayElements;
  readonly #population: DiePopulation;
  readonly #cell: number;
  readonly #conducts: boolean;
  readonly #broken: boolean;

  constructor(options: StationOptions, wafer: SimulatedWafer, dieOrdinal: number, cell: number) {
    this.#population = wafer.population(dieOrdinal);
    this.#cell = cell;
    this.#element = new ArrayElements(1, 1, options.biasLaw);
    this.#element.seriesOhms[0] = pathOhms(options, cell);
    this.#conducts = !isCutOff(this.#population, cell);
    const broken = wafer.state(dieOrdinal).brokenSiemens[cell];
    this.#broken = broken > 0;
    this.#element.gShunt[0] = this.#broken ? broken : this.#population.gShunt[cell];
  }

  /** Can change its state. */
  get isLive(): boolean {
    const label = CELL_LABELS[this.#population.labels[this.#cell]];
    const pinned = label === 'stuckP' || label === 'stuckAp';
    return this.#conducts && !this.#broken && !pinned && this.#population.gP[this.#cell] > 0;
  }

  set(antiparallel: boolean, upperLevel: boolean): void {
    if (this.#broken || !this.#conducts) return;
    const hopped = upperLevel && this.#population.hopAboveVolts[this.#cell] > 0;
    const depth = upperLevel ? 1 + this.#population.telegraphDepth[this.#cell] : 1;
    this.#element.gP[0] = this.#population.gP[this.#cell] / depth;
    this.#element.tmr[0] = antiparallel !== hopped ? this.#population.tmr[this.#cell] : 0;
  }

  /** Current under a voltage over the whole path; `junctionVolts` afterwards holds the junction's share. */
  amps(volts: number): number {
    if (!this.#conducts) return 0;
    this.#element.evaluate(0, volts);
    return this.#element.amps;
  }

  get junctionVolts(): number {
    return this.#element.junctionVolts;
  }

  /** Voltage over the path that drives `amps`; bisection, between 0 and `outer`. */
  voltsAt(amps: number, outer: number): number {
    let [low, high] = [0, outer];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (Math.abs(this.amps(middle)) < Math.abs(amps)) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /** V/I of the whole path in a given state, ohms; at 0 V the zero-bias value. */
  ohms(state: 'P' | 'AP', volts: number): number {
    this.set(state === 'AP', false);
    const probe = volts === 0 ? 1e-6 : volts;
    return probe / this.amps(probe);
  }
}
