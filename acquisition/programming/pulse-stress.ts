import { type CrossbarGeometry, cellCount } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** What the cells of one die were given, counted when a pulse is sent, whatever became of it. */
export class PulseStress {
  /** Pulses per cell; half-selected exposures are not among them. */
  readonly pulses: Uint32Array;
  /** Exposures of the partner in the pair to half the voltage. */
  readonly halfSelects: Uint32Array;
  readonly mostVolts: Float32Array;
  readonly #budget: number;

  constructor(geometry: CrossbarGeometry, budget: number) {
    const cells = cellCount(geometry);
    this.pulses = new Uint32Array(cells);
    this.halfSelects = new Uint32Array(cells);
    this.mostVolts = new Float32Array(cells);
    this.#budget = budget;
  }

  /** Throws TB_PULSE_BUDGET before a pulse that the budget does not cover is sent. */
  require(cells: readonly number[]): void {
    const spent = cells.find((cell) => this.pulses[cell] >= this.#budget);
    if (spent === undefined) return;
    throw new TunnelbenchError('TB_PULSE_BUDGET', {
      thing: `cell ${spent}`,
      what: 'it has had all the pulses its stress budget allows',
      value: `${this.pulses[spent]}`,
      expected: `fewer than ${this.#budget} before another one`,
      remedy:
        'Raise programming.mostPulsesPerCell in the recipe if the junctions can bear it; nothing more was pulsed.',
    });
  }

  add(cells: readonly number[], volts: number, halfSelected: number | null, count = 1): void {
    for (const cell of cells) {
      this.pulses[cell] += count;
      this.mostVolts[cell] = Math.max(this.mostVolts[cell], Math.abs(volts));
    }
    if (halfSelected !== null) this.halfSelects[halfSelected] += count;
  }

  get total(): number {
    return this.pulses.reduce((sum, count) => sum + count, 0);
  }

  get mostOnOneCell(): number {
    return this.pulses.reduce((most, count) => Math.max(most, count), 0);
  }
}
