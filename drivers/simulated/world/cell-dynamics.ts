import { damageRate, damageThreshold } from '../../../physics/breakdown.ts';
import { telegraphLevel } from '../../../physics/noise.ts';
import { ATTEMPT_SECONDS, switchingExponent } from '../../../physics/switching.ts';
import { addressedUniform, DrawPurpose } from './counter-random.ts';
import { type CellLabel, labelCode } from './die-population.ts';
import type { EnabledArray } from './enabled-array.ts';
import type { StationOptions } from './station-options.ts';

/** An event of probability below this is left out. */
const NEGLIGIBLE_LOG_PROBABILITY = Math.log(1e-12);
/** Flips handled one by one in one call of `advance`; a cell that flips more often has no state to speak of. */
const MAX_EVENTS = 64;
/** Telegraph levels are drawn afresh after this time: faster than a sweep, slower than a reading. */
export const TELEGRAPH_SECONDS = 3e-4;
/** Below this bias a junction is at rest. */
const REST_VOLTS = 1e-3;

const STUCK = new Set<CellLabel>(['stuckP', 'stuckAp']);
const STUCK_CODES = [...STUCK].map(labelCode);

export interface CellEvent {
  readonly kind: 'flip' | 'break';
  readonly element: number;
  readonly cell: number;
  /** Seconds after the start of the interval. */
  readonly after: number;
  readonly volts: number;
  /** For a break: resistance left behind as measured, ohms. */
  readonly ohms: number;
}

/**
 * Lets the junctions of the enabled array live under constant bias. Switching is a Poisson process in the gathered
 * hazard: each cell holds one exponential draw, addressed by (seed, die, cell, number of the flip), and flips when its
 * hazard has reached it. That is the exact law for any history of voltages, needs no random number where nothing
 * happens, and does not depend on the length of the steps or on the other cells. Breakdown likewise, in damage.
 */
export class CellDynamics {
  readonly #options: StationOptions;
  readonly #array: EnabledArray;
  readonly #sign: number;
  readonly #dieOrdinal: number;

  constructor(options: StationOptions, array: EnabledArray) {
    this.#options = options;
    this.#array = array;
    this.#sign = options.apToP === 'positive' ? 1 : -1;
    this.#dieOrdinal = array.population.die.ordinal;
  }

  /**
   * Advances by at most `seconds` under the given junction voltages and stops at the first event. `resolve` brings the
   * voltages up to date after an event. `elements` lists those that can see voltage. `onEvent` hears of each event.
   */
  live(
    seconds: number,
    elements: () => readonly number[],
    voltsOf: () => Float64Array,
    onEvent: (event: CellEvent) => void,
    resolve: () => void,
  ): void {
    let past = 0;
    for (let events = 0; events < MAX_EVENTS; events++) {
      const active = elements();
      const volts = voltsOf();
      const event = this.#firstEvent(seconds - past, active, volts);
      const span = event === null ? seconds - past : event.after;
      this.#gather(span, active, volts);
      if (event === null) return;
      past += span;
      this.#apply(event);
      onEvent({ ...event, after: past });
      resolve();
    }
  }

  /** Telegraph cells among the elements: rewrites those whose level at `seconds` since routing has changed. */
  telegraph(
    elements: readonly number[],
    volts: Float64Array,
    seconds: number,
    sweep: (cell: number) => number,
  ): boolean {
    const { population } = this.#array;
    let changed = false;
    for (const element of elements) {
      const cell = this.#array.cellOf(element);
      if (cell < 0 || !isUnstable(population.labels[cell])) continue;
      const hopping = population.hopAboveVolts[cell] > 0;
      const awake = !hopping || Math.abs(volts[element]) >= population.hopAboveVolts[cell];
      const draw = (slot: number) =>
        addressedUniform(DrawPurpose.telegraph, this.#options.seed, this.#dieOrdinal, cell, sweep(cell), slot);
      this.#array.update(element, awake && telegraphLevel(seconds, TELEGRAPH_SECONDS, draw));
      changed = true;
    }
    return changed;
  }

  #firstEvent(seconds: number, elements: readonly number[], volts: Float64Array): CellEvent | null {
    let first: CellEvent | null = null;
    for (const element of elements) {
      const cell = this.#array.cellOf(element);
      const v = volts[element];
      if (cell < 0 || Math.abs(v) < REST_VOLTS) continue;
      const flip = this.#secondsToFlip(cell, v, seconds);
      if (flip <= seconds && (first === null || flip < first.after)) {
        first = { kind: 'flip', element, cell, after: flip, volts: v, ohms: 0 };
      }
      const end = this.#secondsToBreak(cell, v);
      if (end <= seconds && (first === null || end < first.after)) {
        first = { kind: 'break', element, cell, after: end, volts: v, ohms: this.#brokenOhms(cell) };
      }
    }
    return first;
  }

  #rate(cell: number, volts: number, seconds: number): number {
    const { population, state } = this.#array;
    if (population.gP[cell] === 0 || state.brokenSiemens[cell] > 0) return 0;
    const label = population.labels[cell];
    if (label === STUCK_CODES[0] || label === STUCK_CODES[1]) return 0;
    const towardsP = this.#sign * volts - population.offsetVolts[cell];
    const drive = state.antiparallel[cell] === 1 ? towardsP : -towardsP;
    const { barrierExponent } = this.#options;
    const exponent = switchingExponent(drive, population.delta[cell], population.vC0[cell], barrierExponent);
    if (exponent + Math.log(seconds / ATTEMPT_SECONDS) < NEGLIGIBLE_LOG_PROBABILITY) return 0;
    return Math.exp(exponent) / ATTEMPT_SECONDS;
  }

  #secondsToFlip(cell: number, volts: number, seconds: number): number {
    const rate = this.#rate(cell, volts, seconds);
    if (rate === 0) return Number.POSITIVE_INFINITY;
    const { hazard, flips } = this.#array.state;
    const draw = -Math.log(
      addressedUniform(DrawPurpose.switching, this.#options.seed, this.#dieOrdinal, cell, flips[cell]),
    );
    return Math.max(0, draw - hazard[cell]) / rate;
  }

  #secondsToBreak(cell: number, volts: number): number {
    const { population, state } = this.#array;
    // Ten decades below the reference life no sweep, however long, gets anywhere.
    const law = this.#options.breakdownLaw;
    if (Math.abs(volts) < population.breakdownVolts[cell] - 10 * law.voltsPerDecade) return Number.POSITIVE_INFINITY;
    if (population.gP[cell] === 0 || state.brokenSiemens[cell] > 0) return Number.POSITIVE_INFINITY;
    const uniform = addressedUniform(DrawPurpose.breakdownThreshold, this.#options.seed, this.#dieOrdinal, cell);
    const left = Math.max(0, damageThreshold(uniform, law) - state.damage[cell]);
    return left / damageRate(volts, population.breakdownVolts[cell], law);
  }

  /** Hazard and damage of `seconds` under constant voltages. */
  #gather(seconds: number, elements: readonly number[], volts: Float64Array): void {
    if (seconds <= 0) return;
    const { population, state } = this.#array;
    const law = this.#options.breakdownLaw;
    for (const element of elements) {
      const cell = this.#array.cellOf(element);
      const v = volts[element];
      if (cell < 0 || Math.abs(v) < REST_VOLTS) continue;
      state.hazard[cell] += seconds * this.#rate(cell, v, seconds);
      if (Math.abs(v) < population.breakdownVolts[cell] - 10 * law.voltsPerDecade) continue;
      state.damage[cell] += seconds * damageRate(v, population.breakdownVolts[cell], law);
    }
  }

  #apply({ kind, cell, element, ohms }: CellEvent): void {
    const { state } = this.#array;
    if (kind === 'flip') {
      state.antiparallel[cell] = 1 - state.antiparallel[cell];
      state.hazard[cell] = 0;
      state.flips[cell] += 1;
    } else {
      const path = this.#array.elements.seriesOhms[element] + 2 * this.#options.accessPath.contactOhms;
      state.brokenSiemens[cell] = 1 / Math.max(1, ohms - path);
    }
    this.#array.update(element, false);
  }

  /** 100 Ω to 1 kΩ as measured, log-uniform. */
  #brokenOhms(cell: number): number {
    return 100 * 10 ** addressedUniform(DrawPurpose.brokenOhms, this.#options.seed, this.#dieOrdinal, cell);
  }
}

const UNSTABLE_CODES = (['weakTelegraph', 'weakBackHopping'] satisfies CellLabel[]).map(labelCode);

export function isUnstable(label: number): boolean {
  return label === UNSTABLE_CODES[0] || label === UNSTABLE_CODES[1];
}
