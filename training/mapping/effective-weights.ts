import type { EffectiveWeights } from '../defect-correction.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { SeededStream } from '../seeded-stream.ts';
import { checkMapping } from './check-mapping.ts';
import type { DieConductances } from './die-conductances.ts';
import type { Mapping } from './mapping.ts';
import { layer1Cells, layer2Cells, type WeightCells } from './weight-cells.ts';

/** The binary weights of a network: ±1, laid out as in Solution. */
export interface BinaryWeights {
  readonly shape: NetworkShape;
  readonly signs1: Int8Array;
  readonly signs2: Int8Array;
}

/** Where every weight of both layers sits. */
export interface NetworkCells {
  readonly layer1: WeightCells;
  readonly layer2: WeightCells;
}

/** Repeatability noise: each junction's conductance is multiplied by 1 + σ z, one draw a junction and emulation. */
export interface RepeatabilityNoise {
  readonly relativeSigma: number;
  readonly stream: SeededStream;
}

/** @throws TB_MAPPING_INVALID when the mapping does not fit the die. */
export function networkCells(mapping: Mapping, shape: NetworkShape, die: DieConductances): NetworkCells {
  checkMapping(mapping, shape, die.geometry);
  return {
    layer1: layer1Cells(mapping, shape, die.geometry),
    layer2: layer2Cells(mapping, shape, die.geometry),
  };
}

/**
 * The network as the die realises it: w = (G₊ − G₋) / (⟨G_P⟩ − ⟨G_AP⟩), where +1 is programmed as (P, AP) and −1 as
 * (AP, P). The form follows from Borders et al., figure 2b; the denominator's definition over the healthy cells of the
 * die is our choice.
 */
export function effectiveWeights(
  weights: BinaryWeights,
  die: DieConductances,
  cells: NetworkCells,
  noise: RepeatabilityNoise | null = null,
): EffectiveWeights {
  return {
    w1: layerWeights(weights.signs1, die, cells.layer1, noise),
    w2: layerWeights(weights.signs2, die, cells.layer2, noise),
  };
}

/** The weight that a pair of cells is worth when the wanted sign is ±1. */
export function pairWeight(die: DieConductances, plusCell: number, minusCell: number, sign: number): number {
  const difference = sign > 0 ? die.p[plusCell] - die.ap[minusCell] : die.ap[plusCell] - die.p[minusCell];
  return difference / (die.meanP - die.meanAp);
}

function layerWeights(
  signs: Int8Array,
  die: DieConductances,
  { plus, minus }: WeightCells,
  noise: RepeatabilityNoise | null,
): Float32Array {
  const weights = new Float32Array(signs.length);
  const unit = die.meanP - die.meanAp;
  for (let i = 0; i < signs.length; i++) {
    let positive = signs[i] > 0 ? die.p[plus[i]] : die.ap[plus[i]];
    let negative = signs[i] > 0 ? die.ap[minus[i]] : die.p[minus[i]];
    if (noise !== null) {
      positive *= 1 + noise.relativeSigma * noise.stream.normal();
      negative *= 1 + noise.relativeSigma * noise.stream.normal();
    }
    weights[i] = (positive - negative) / unit;
  }
  return weights;
}
