import type { NetworkShape } from '../network-shape.ts';
import type { DefectGradient } from '../training-parameters.ts';
import { type LayerPair, type Precision, type Values, valuesOf } from './reference-network.ts';

/** A defective weight: its place, and its value for either sign. */
export interface ReferenceDefect {
  readonly layer: 1 | 2;
  readonly index: number;
  readonly plus: number;
  readonly minus: number;
}

/** Effective weights and slopes of one image from latent weights and the defects that the image meets. */
export function referenceWeights(
  shape: NetworkShape,
  latents: LayerPair,
  defects: readonly ReferenceDefect[],
  defectGradient: DefectGradient,
  precision: Precision,
): { effective: LayerPair; slope: LayerPair } {
  const signs = (latent: Values) => {
    const values = valuesOf(precision, latent.length);
    for (let i = 0; i < latent.length; i++) values[i] = latent[i] >= 0 ? 1 : -1;
    return values;
  };
  const effective = { layer1: signs(latents.layer1), layer2: signs(latents.layer2) };
  const slope = {
    layer1: valuesOf(precision, shape.inputs * shape.hidden).fill(1),
    layer2: valuesOf(precision, shape.hidden * shape.outputs).fill(1),
  };
  for (const { layer, index, plus, minus } of defects) {
    const name = layer === 1 ? 'layer1' : 'layer2';
    effective[name][index] = latents[name][index] >= 0 ? plus : minus;
    slope[name][index] = defectGradient === 'pass' ? 1 : (plus - minus) / 2;
  }
  return { effective, slope };
}
