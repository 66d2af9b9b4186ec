import type { DieModel } from '../../analysis/die-model.ts';
import { dieConductances } from '../mapping/die-conductances.ts';
import { dieCorrection } from '../mapping/die-correction.ts';
import { networkCells } from '../mapping/effective-weights.ts';
import { paperMapping } from '../mapping/paper-mapping.ts';
import type { ReadOut } from '../mapping/read-out.ts';
import { type NetworkShape, weightCount } from '../network-shape.ts';

/** What the dies have of defective weights, in the terms of a statistics-aware training. */
export interface MeasuredDefects {
  /** Fraction of a die's weights with a cell that is not healthy, mean over the dies. */
  readonly weightRate: number;
  /** The rate of bad junctions that gives this rate of weights: p_weight = 1 − (1 − p_junction)². */
  readonly junctionRate: number;
  /** Median magnitude of the weights that cannot be programmed to within 1 of their sign: what W_sat stands for. */
  readonly saturatedWeight: number;
}

/** A weight further than this from both signs counts as saturated. */
const SATURATED_BEYOND = 2;

/** The defects of the dies in the default layout. */
export function measuredDefects(models: readonly DieModel[], shape: NetworkShape, readOut: ReadOut): MeasuredDefects {
  const corrections = models.map((model) => {
    const die = dieConductances(model, readOut);
    return dieCorrection(die, networkCells(paperMapping(shape, die.geometry), shape, die));
  });
  const defective = corrections.map(({ layer1, layer2 }) => layer1.index.length + layer2.index.length);
  const weightRate = defective.reduce((sum, count) => sum + count, 0) / models.length / weightCount(shape);
  const saturated = corrections
    .flatMap(({ layer1, layer2 }) => [...layer1.plus, ...layer2.plus])
    .map(Math.abs)
    .filter((weight) => weight > SATURATED_BEYOND)
    .sort((a, b) => a - b);
  return {
    weightRate,
    junctionRate: 1 - Math.sqrt(1 - weightRate),
    saturatedWeight: saturated.length === 0 ? 0 : saturated[saturated.length >> 1],
  };
}
