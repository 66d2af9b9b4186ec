import type { TrainingParameters } from '../training-parameters.ts';
import type { Values } from './reference-network.ts';

/** Running state of the optimiser for one layer. */
export interface AdamState {
  readonly latent: Values;
  readonly moment1: Values;
  readonly moment2: Values;
}

/**
 * Adam as Kingma and Ba wrote it (ICLR 2015, algorithm 1), then the clip. Changes the state in place.
 *
 * @param step number of this step, from 1
 */
export function referenceAdam(
  { latent, moment1, moment2 }: AdamState,
  gradient: Values,
  learningRate: number,
  step: number,
  { adamBeta1, adamBeta2, adamEpsilon, latentClip }: TrainingParameters,
): void {
  for (let i = 0; i < latent.length; i++) {
    moment1[i] = adamBeta1 * moment1[i] + (1 - adamBeta1) * gradient[i];
    moment2[i] = adamBeta2 * moment2[i] + (1 - adamBeta2) * gradient[i] ** 2;
    const mean = moment1[i] / (1 - adamBeta1 ** step);
    const square = moment2[i] / (1 - adamBeta2 ** step);
    const moved = latent[i] - (learningRate * mean) / (Math.sqrt(square) + adamEpsilon);
    latent[i] = Math.min(latentClip, Math.max(-latentClip, moved));
  }
}
