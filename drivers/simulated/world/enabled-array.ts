import { cellSeriesOhms, transistorOhmsAt } from '../../../physics/access-path.ts';
import { ArrayElements } from '../../../physics/array-elements.ts';
import { NodalCircuit } from '../../../physics/nodal-circuit.ts';
import { PairCircuit } from '../../../physics/pair-circuit.ts';
import { type DiePopulation, labelCode } from './die-population.ts';
import type { DieState } from './die-state.ts';
import type { StationOptions } from './station-options.ts';

const DEAD_COLUMN = labelCode('deadColumn');

/**
 * The columns that the enable lines have opened on the die under the needles, as circuit elements. A geometry with one
 * column per enable line gets an empty second column, so that the pair's circuit serves it too.
 */
export class EnabledArray {
  readonly columns: readonly number[];
  readonly elements: ArrayElements;
  /** The pair's circuit; null when more than two columns are open. */
  readonly pair: PairCircuit | null;
  readonly nodal: NodalCircuit;
  readonly population: DiePopulation;
  readonly state: DieState;
  readonly #options: StationOptions;

  constructor(
    options: StationOptions,
    population: DiePopulation,
    state: DieState,
    columns: readonly number[],
    gateVolts: number,
  ) {
    this.#options = options;
    this.population = population;
    this.state = state;
    this.columns = columns;
    const { rows } = options.geometry;
    this.elements = new ArrayElements(rows, Math.max(2, columns.length), options.biasLaw);
    const gateOhms = transistorOhmsAt(options.accessPath, gateVolts) - options.accessPath.transistorOhms;
    for (let row = 0; row < rows; row++) {
      for (let place = 0; place < columns.length; place++) {
        const element = row * this.elements.columns + place;
        this.elements.seriesOhms[element] = cellSeriesOhms(options.accessPath, row, columns[place]) + gateOhms;
        this.#write(element, false);
      }
    }
    this.pair = columns.length <= 2 ? new PairCircuit(this.elements) : null;
    this.nodal = new NodalCircuit(this.elements);
  }

  /** Cell index of an element, or −1 for the empty column. */
  cellOf(element: number): number {
    const { columns } = this.elements;
    const place = element % columns;
    if (place >= this.columns.length) return -1;
    return Math.floor(element / columns) * this.#options.geometry.columns + this.columns[place];
  }

  /** Rewrites an element after its cell flipped, broke or changed its telegraph level. */
  update(element: number, upperLevel: boolean): void {
    this.#write(element, upperLevel);
    this.pair?.refresh(Math.floor(element / this.elements.columns));
  }

  #write(element: number, upperLevel: boolean): void {
    const { elements, population, state } = this;
    const cell = this.cellOf(element);
    const broken = state.brokenSiemens[cell];
    if (broken > 0 || population.labels[cell] === DEAD_COLUMN) {
      elements.gP[element] = 0;
      elements.tmr[element] = 0;
      elements.gShunt[element] = population.labels[cell] === DEAD_COLUMN ? 0 : broken;
      return;
    }
    const hopped = upperLevel && population.hopAboveVolts[cell] > 0;
    const antiparallel = (state.antiparallel[cell] === 1) !== hopped;
    elements.gP[element] = population.gP[cell] / (upperLevel ? 1 + population.telegraphDepth[cell] : 1);
    elements.tmr[element] = antiparallel ? population.tmr[cell] : 0;
    elements.gShunt[element] = population.gShunt[cell];
  }
}
