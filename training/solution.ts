import type { NetworkShape } from './network-shape.ts';
import type { TrainingParameters } from './training-parameters.ts';

export type SolutionKind = 'defect-free' | 'hardware-aware' | 'statistics-aware';

/** Where a solution comes from, beyond its parameters and seed. */
export interface SolutionProvenance {
  readonly softwareVersion: string;
  /** Name and SHA-256 of the images trained on (see Dataset), and the seed of the split. */
  readonly dataset: { readonly name: string; readonly sha256: string; readonly splitSeed: number };
  /** Id of the die model trained around (hardware-aware), or null. */
  readonly dieModelId: string | null;
  /** Ids of the die models a population was inferred from, empty otherwise. */
  readonly populationDieModelIds: readonly string[];
  /** Mapping trained under, as its hash, or null where none was needed. */
  readonly mappingSha256: string | null;
  readonly trainedAt: string;
  readonly trainingSeconds: number;
}

/** One trained network: binary weights and everything needed to train it again bit by bit. */
export interface Solution {
  /** UUIDv7. */
  readonly id: string;
  readonly kind: SolutionKind;
  readonly shape: NetworkShape;
  /** ±1, index = input × hidden + hiddenUnit. */
  readonly signs1: Int8Array;
  /** ±1, index = hiddenUnit × outputs + output. */
  readonly signs2: Int8Array;
  readonly hyper: TrainingParameters;
  readonly seed: number;
  /** `plain:<sha256 of the wasm>` or `relaxed:<sha256 of the wasm>`. */
  readonly kernelBuild: string;
  /** Misclassified validation images, with the weights as the training saw them last (corrections of its die included). */
  readonly validationErrors: number;
  readonly validationImages: number;
  readonly provenance: SolutionProvenance;
}
