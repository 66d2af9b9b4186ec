import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { seededStream } from '../seeded-stream.ts';
import { type ArrayAccess, type ArrayLedger, newLedger } from './array-access.ts';
import type { CellAmplitudes } from './cell-switching.ts';
import type { JunctionPort, JunctionPulse } from './junction-port.ts';

/** Where the weights of one layer sit: replica, row, column → the two cells of its pair. */
export interface LayerCells {
  readonly rows: number;
  readonly columns: number;
  readonly pairsPerWeight: number;
  /** Cells that count positive and negative, index (replica · rows + row) · columns + column. */
  readonly plus: Uint32Array;
  readonly minus: Uint32Array;
}

/** Conductances of every cell of the die in its two states, as measured, siemens. */
export interface CellStates {
  readonly siemensP: Float64Array;
  readonly siemensAp: Float64Array;
}

export interface CellArrayOptions {
  readonly cells: LayerCells;
  readonly states: CellStates;
  readonly amplitudes: CellAmplitudes;
  readonly port: JunctionPort;
  /** ⟨G_P⟩ − ⟨G_AP⟩ of the die, siemens: a weight of 1 with one pair. */
  readonly unitSiemens: number;
  /** Key of the gate's random bits; updates have streams of their own, so that an interrupted training can go on. */
  readonly key: readonly number[];
  /** Updates that an interrupted training has done. */
  readonly updatesDone?: number;
  /** Told the cells before they are pulsed, and awaited: who counts stress has them on the disk by then. */
  readonly beforePulses?: (cells: readonly number[]) => Promise<void>;
}

/** Below this a wanted probability is not worth a pulse of some milliseconds. */
const NEGLIGIBLE = 1e-3;

/**
 * A weight layer on single cells of a die, one pulse after the other. Only junctions that read as not yet in the wanted state are
 * pulsed: it saves half of the pulses and changes nothing of the law, since one that is there already cannot get there.
 */
export class CellArray implements ArrayAccess {
  readonly rows: number;
  readonly columns: number;
  readonly pairsPerWeight: number;
  readonly ledger: ArrayLedger = newLedger();
  readonly #options: CellArrayOptions;
  /** Read last, by cell. Needed for the forward pass; nothing is added up here. */
  readonly #siemens: Float64Array;
  #updates: number;

  constructor(options: CellArrayOptions) {
    this.#options = options;
    ({ rows: this.rows, columns: this.columns, pairsPerWeight: this.pairsPerWeight } = options.cells);
    this.#siemens = new Float64Array(options.states.siemensP.length);
    this.#updates = options.updatesDone ?? 0;
  }

  /** Reads all cells of the layer; call before the first use, and whenever half-selected cells may have moved. */
  async refresh(): Promise<void> {
    const { plus, minus } = this.#options.cells;
    await this.#options.port.read([...plus, ...minus], this.#found);
  }

  async pulse(wanted: Float32Array): Promise<void> {
    const { port, beforePulses, cells, key } = this.#options;
    const bits = seededStream(...key, this.#updates);
    this.#updates += 1;
    this.ledger.updates += 1;
    const pulses: JunctionPulse[] = [];
    const count = this.rows * this.columns;
    for (let weight = 0; weight < wanted.length; weight++) {
      const probability = Math.abs(wanted[weight]);
      if (probability < NEGLIGIBLE) continue;
      for (let k = 0; k < this.pairsPerWeight; k++) {
        const at = k * count + weight;
        const raises = wanted[weight] > 0;
        this.#add(pulses, cells.plus[at], raises ? 'P' : 'AP', probability, bits.uniform());
        this.#add(pulses, cells.minus[at], raises ? 'AP' : 'P', probability, bits.uniform());
      }
    }
    if (pulses.length === 0) return;
    await beforePulses?.(pulses.map(({ cell }) => cell));
    const before = pulses.map(({ cell }) => this.#isParallel(cell));
    const { limited, halfSelects } = await port.pulse(pulses, this.#found);
    this.ledger.steps += pulses.length;
    this.ledger.pulses += pulses.length;
    this.ledger.limited += limited;
    this.ledger.halfSelects += halfSelects;
    this.ledger.flips += pulses.filter(({ cell }, i) => this.#isParallel(cell) !== before[i]).length;
  }

  /** Needs every line on a driver channel of its own. */
  pulseOuter(): void {
    throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
      thing: 'in-situ update of all cells at once',
      what: 'single cells are pulsed one after the other here',
      value: 'update scheme outer',
      expected: `a driver channel for each of ${this.rows} rows and ${2 * this.columns} columns, or the scheme columns`,
      remedy: 'Choose --update columns.',
    });
  }

  read(weights: Float32Array): void {
    const { cells, unitSiemens } = this.#options;
    const count = this.rows * this.columns;
    const unit = 1 / (unitSiemens * this.pairsPerWeight);
    for (let weight = 0; weight < count; weight++) {
      let sum = 0;
      for (let k = 0; k < this.pairsPerWeight; k++) {
        const at = k * count + weight;
        sum += this.#siemens[cells.plus[at]] - this.#siemens[cells.minus[at]];
      }
      weights[weight] = sum * unit;
    }
  }

  #add(pulses: JunctionPulse[], cell: number, towards: 'P' | 'AP', probability: number, bit: number): void {
    if (this.#isParallel(cell) === (towards === 'P')) return;
    const { amplitudes, port } = this.#options;
    if (amplitudes.policy === 'gated' && bit >= probability) return;
    const asked = amplitudes.volts(cell, towards, probability);
    const volts = Math.min(asked, amplitudes.ceilingVolts);
    if (asked > volts) this.ledger.limited += 1;
    this.ledger.joules += volts * volts * port.pulseSeconds * this.#siemens[cell];
    pulses.push({ cell, towards, volts });
  }

  /** By the middle between the cell's own two conductances, in their logarithms. */
  #isParallel(cell: number): boolean {
    const { siemensP, siemensAp } = this.#options.states;
    return this.#siemens[cell] ** 2 > siemensP[cell] * siemensAp[cell];
  }

  readonly #found = (cell: number, siemens: number): void => {
    this.#siemens[cell] = siemens;
  };
}
