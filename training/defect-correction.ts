/**
 * What defects do to a network's weights. A healthy weight is worth its sign, ±1; only defective weights are listed, so
 * that a correction costs what there is to correct.
 */

/** Defective weights of one layer. All arrays have the same length; an index appears once. */
export interface LayerCorrection {
  /** Index of the weight: layer 1 input × hidden + hiddenUnit, layer 2 hiddenUnit × outputs + output. */
  readonly index: Uint32Array;
  /** Effective weight, in units of a healthy weight, when the wanted sign is +1. */
  readonly plus: Float32Array;
  /** The same when the wanted sign is −1; equal to `plus` for a weight whose junctions cannot be programmed. */
  readonly minus: Float32Array;
}

export interface DefectCorrection {
  readonly layer1: LayerCorrection;
  readonly layer2: LayerCorrection;
}

/** Every weight as the crossbar realises it, in units of a healthy weight. */
export interface EffectiveWeights {
  /** inputs × hidden, index = input × hidden + hiddenUnit. */
  readonly w1: Float32Array;
  /** hidden × outputs, index = hiddenUnit × outputs + output. */
  readonly w2: Float32Array;
}

export function emptyCorrection(): DefectCorrection {
  return { layer1: emptyLayer(), layer2: emptyLayer() };
}

function emptyLayer(): LayerCorrection {
  return { index: new Uint32Array(0), plus: new Float32Array(0), minus: new Float32Array(0) };
}

/** Signs (±1) with the defective weights replaced by what they are worth. */
export function applyCorrection(
  signs: { readonly signs1: Int8Array; readonly signs2: Int8Array },
  correction: DefectCorrection = emptyCorrection(),
): EffectiveWeights {
  return { w1: applyLayer(signs.signs1, correction.layer1), w2: applyLayer(signs.signs2, correction.layer2) };
}

function applyLayer(signs: Int8Array, { index, plus, minus }: LayerCorrection): Float32Array {
  const weights = Float32Array.from(signs);
  for (let i = 0; i < index.length; i++) weights[index[i]] = signs[index[i]] > 0 ? plus[i] : minus[i];
  return weights;
}
