import { describe, expect, it } from 'vitest';
import type { NetworkShape } from '../../training/network-shape.ts';
import { RandomStream } from '../../training/random-stream.ts';
import {
  type LayerPair,
  type ReferenceImage,
  type ReferenceNetwork,
  referenceGradients,
} from '../../training/reference/reference-network.ts';

const shape: NetworkShape = { inputs: 6, hidden: 5, outputs: 4 };
const network: ReferenceNetwork = {
  shape,
  activation: 'tanh',
  gains: { layer1: 0.7, layer2: 0.9 },
  precision: 'float64',
};
const STEP = 1e-6;

function draw(random: RandomStream, length: number, spread: number): Float64Array {
  return Float64Array.from({ length }, () => spread * (2 * random.uniform() - 1));
}

function pair(random: RandomStream, spread: number): LayerPair {
  return { layer1: draw(random, 30, spread), layer2: draw(random, 20, spread) };
}

/** A batch that shares one set of effective weights, so that a weight can be moved for all images at once. */
function sharedBatch(effective: LayerPair, slope: LayerPair): ReferenceImage[] {
  const random = new RandomStream(4);
  return Array.from({ length: 3 }, (_, i) => ({ pixels: draw(random, 6, 1), label: i, effective, slope }));
}

describe('the gradient of the reference', () => {
  const random = new RandomStream(1);
  const effective = pair(random, 1.5);
  const slope = pair(random, 1);
  const batch = sharedBatch(effective, slope);
  const { effective: gradient, latent } = referenceGradients(network, batch);

  it.each(['layer1', 'layer2'] as const)(
    'is the finite difference of the loss by every effective weight of %s',
    (l) => {
      for (let i = 0; i < effective[l].length; i++) {
        const kept = effective[l][i];
        effective[l][i] = kept + STEP;
        const above = referenceGradients(network, batch).loss;
        effective[l][i] = kept - STEP;
        const below = referenceGradients(network, batch).loss;
        effective[l][i] = kept;
        expect(gradient[l][i]).toBeCloseTo((above - below) / (2 * STEP), 8);
      }
    },
  );

  it.each(['layer1', 'layer2'] as const)(
    'reaches the latent weights of %s times what each follows of its sign',
    (l) => {
      for (let i = 0; i < gradient[l].length; i++) expect(latent[l][i]).toBeCloseTo(gradient[l][i] * slope[l][i], 12);
    },
  );

  it('is of a loss that is ln(classes) when the network knows nothing', () => {
    const zero = { layer1: new Float64Array(30), layer2: new Float64Array(20) };
    expect(referenceGradients(network, sharedBatch(zero, slope)).loss).toBeCloseTo(Math.log(4), 12);
  });
});

describe('the reference in float32', () => {
  it('differs from float64 by rounding only', () => {
    const random = new RandomStream(2);
    const batch = sharedBatch(pair(random, 1), pair(random, 1));
    const exact = referenceGradients(network, batch).loss;
    const rounded = referenceGradients({ ...network, precision: 'float32' }, batch).loss;
    expect(rounded).not.toBe(exact);
    expect(Math.abs(rounded - exact)).toBeLessThan(1e-6);
  });
});
