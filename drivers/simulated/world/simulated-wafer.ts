import { TunnelbenchError } from '../../../wafer/tunnelbench-error.ts';
import type { DiePopulation } from './die-population.ts';
import { type DieState, newDieState } from './die-state.ts';
import { makeDiePopulation } from './draw-die.ts';
import type { StationOptions } from './station-options.ts';

/** Populations kept at a time; the others are drawn again when needed, always the same. */
const KEPT_POPULATIONS = 3;

/** The dies of the wafer: constants made on demand, state kept from the first touch on. */
export class SimulatedWafer {
  readonly #options: StationOptions;
  readonly #populations = new Map<number, DiePopulation>();
  readonly #states = new Map<number, DieState>();

  constructor(options: StationOptions) {
    this.#options = options;
  }

  population(dieOrdinal: number): DiePopulation {
    const known = this.#populations.get(dieOrdinal);
    if (known !== undefined) return known;
    const die = this.#options.dies.find(({ ordinal }) => ordinal === dieOrdinal);
    if (die === undefined) {
      throw new TunnelbenchError('TB_GEOMETRY_INVALID', {
        thing: 'simulated wafer',
        what: 'it has no such die',
        value: `die ${dieOrdinal}`,
        expected: `one of ${this.#options.dies.length} dies`,
        remedy: 'Ask for a die of the wafer.',
      });
    }
    const made = makeDiePopulation(this.#options, die);
    this.#populations.set(dieOrdinal, made);
    if (this.#populations.size > KEPT_POPULATIONS) {
      const [oldest] = this.#populations.keys();
      this.#populations.delete(oldest);
    }
    return made;
  }

  state(dieOrdinal: number): DieState {
    let state = this.#states.get(dieOrdinal);
    if (state === undefined) {
      state = newDieState(this.#options, this.population(dieOrdinal));
      this.#states.set(dieOrdinal, state);
    }
    return state;
  }
}
