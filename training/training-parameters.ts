/** Every number a training depends on, with defaults. None of them is given by Borders et al.: all are ours. */

/** Hidden activation: tanh by default; hard tanh is clamp(a, −1, 1). */
export type Activation = 'tanh' | 'hard-tanh' | 'relu';

/**
 * How the gradient of a defective weight reaches its latent weight. `masked`: times what the weight still follows of
 * its sign, (plus − minus) / 2, hence 0 for a short. `pass`: as if the weight were healthy.
 */
export type DefectGradient = 'masked' | 'pass';

/** Where the defect maps of a statistics-aware training come from. */
export type DefectStatistics =
  | {
      readonly source: 'uniform';
      /** Probability that a weight (a pair of junctions) is defective: 1 − (1 − p_junction)². */
      readonly defectRate: number;
      /** Magnitude of a defective weight; its sign is + or − with equal probability. 0 means the weight is worth 0. */
      readonly wSat: number;
    }
  | {
      readonly source: 'population';
      /** What tells this population from another, e.g. the hash of the die models it was inferred from. */
      readonly population: string;
    };

export interface TrainingParameters {
  readonly epochs: number;
  readonly batchSize: number;
  /** Start of the cosine decay to 0. */
  readonly learningRate: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  /** Latent weights start uniform in ±this. */
  readonly latentRange: number;
  /** Latent weights are kept within ±this. */
  readonly latentClip: number;
  /** Hidden input = (gain1 / √inputs) · Σ x·w; hidden layer's gain likewise over √hidden. */
  readonly gain1: number;
  readonly gain2: number;
  readonly activation: Activation;
  readonly defectGradient: DefectGradient;
  /** Present exactly for a statistics-aware training. */
  readonly statistics: DefectStatistics | null;
}

export const DEFAULT_PARAMETERS: TrainingParameters = Object.freeze({
  epochs: 25,
  batchSize: 100,
  learningRate: 1e-2,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  latentRange: 0.3,
  latentClip: 1,
  gain1: 4,
  gain2: 4,
  activation: 'tanh',
  defectGradient: 'masked',
  statistics: null,
});
