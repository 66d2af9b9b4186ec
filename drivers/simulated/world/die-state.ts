import { cellCount } from '../../../wafer/geometry.ts';
import { addressedUniform, DrawPurpose } from './counter-random.ts';
import { type DiePopulation, labelCode } from './die-population.ts';
import type { StationOptions } from './station-options.ts';

/** What changes on a die while it is measured, one element per cell. Kept for as long as the bench runs. */
export interface DieState {
  /** 1 where the free layer is antiparallel. */
  readonly antiparallel: Uint8Array;
  /** Hazard gathered in the present state, ∫ f dt; the cell flips when it reaches its draw. */
  readonly hazard: Float64Array;
  /** Flips so far: part of the address of the next draw. */
  readonly flips: Uint32Array;
  /** Breakdown damage gathered, ∫ dt/η. */
  readonly damage: Float64Array;
  /** Conductance of a broken junction, 0 while it is whole. */
  readonly brokenSiemens: Float64Array;
}

export function newDieState(options: StationOptions, population: DiePopulation): DieState {
  const { geometry, seed, startState } = options;
  const cells = cellCount(geometry);
  const antiparallel = new Uint8Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const label = population.labels[cell];
    if (label === labelCode('stuckAp')) antiparallel[cell] = 1;
    else if (label === labelCode('stuckP')) antiparallel[cell] = 0;
    else if (startState === 'random') {
      antiparallel[cell] = addressedUniform(DrawPurpose.startState, seed, population.die.ordinal, cell) < 0.5 ? 1 : 0;
    } else antiparallel[cell] = startState === 'AP' ? 1 : 0;
  }
  return {
    antiparallel,
    hazard: new Float64Array(cells),
    flips: new Uint32Array(cells),
    damage: new Float64Array(cells),
    brokenSiemens: new Float64Array(cells),
  };
}
