import type { NetworkShape } from '../network-shape.ts';
import type { TrainingParameters } from '../training-parameters.ts';

/** Factors on the weighted sums of the two layers. */
export interface Gains {
  readonly layer1: number;
  readonly layer2: number;
}

/** gain / √fan-in of each layer, rounded to float32 as the kernels hold them. */
export function gainsOf(shape: NetworkShape, hyper: Pick<TrainingParameters, 'gain1' | 'gain2'>): Gains {
  return {
    layer1: Math.fround(hyper.gain1 / Math.sqrt(shape.inputs)),
    layer2: Math.fround(hyper.gain2 / Math.sqrt(shape.hidden)),
  };
}
