import { describe, expect, it } from 'vitest';
import { packImages } from '../../training/dataset/packed-images.ts';
import { gainsOf } from '../../training/kernels/gains.ts';
import { evaluate, evaluateLogits } from '../../training/kernels/inference.ts';
import { RandomStream } from '../../training/random-stream.ts';
import { referenceForward } from '../../training/reference/reference-network.ts';
import { smallImages } from './small-images.ts';

const shape = { inputs: 23, hidden: 37, outputs: 14 };
const gains = gainsOf(shape, { gain1: 4, gain2: 4 });
const images = smallImages(131, shape.inputs, shape.outputs, 5);

/** Conductance spread around ±1 with a few shorts, as a die gives them. */
function drawWeights(seed: number) {
  const random = new RandomStream(seed);
  const weight = () =>
    (random.uniform() < 0.02 ? 17 : random.uniform() < 0.5 ? 1 : -1) * (0.9 + 0.2 * random.uniform());
  return {
    w1: Float32Array.from({ length: shape.inputs * shape.hidden }, weight),
    w2: Float32Array.from({ length: shape.hidden * shape.outputs }, weight),
  };
}

describe.each(['plain', 'relaxed'] as const)('inference with the %s kernels', (build) => {
  it.each(['tanh', 'hard-tanh', 'relu'] as const)(
    'gives the logits and predictions of the reference: %s',
    (activation) => {
      const weights = drawWeights(1);
      const logits = evaluateLogits(weights, images.images, activation, gains, build);
      const predictions = evaluate(weights, images.images, activation, gains, build);
      const network = { shape, activation, gains, precision: 'float64' } as const;
      for (let i = 0; i < images.images.count; i++) {
        const pixels = images.dense.subarray(i * shape.inputs, (i + 1) * shape.inputs);
        const expected = referenceForward(network, pixels, { layer1: weights.w1, layer2: weights.w2 }).logits;
        const own = logits.subarray(i * shape.outputs, (i + 1) * shape.outputs);
        const largest = Math.max(...expected.map(Math.abs));
        expected.forEach((z, k) => {
          expect(Math.abs(own[k] - z)).toBeLessThan(2e-5 * largest);
        });
        expect(predictions[i]).toBe(own.indexOf(Math.max(...own)));
      }
    },
  );

  it('does not remember the weights of the call before', () => {
    const first = evaluateLogits(drawWeights(1), images.images, 'tanh', gains, build);
    evaluateLogits(drawWeights(2), images.images, 'relu', gains, build);
    expect(evaluateLogits(drawWeights(1), images.images, 'tanh', gains, build)).toEqual(first);
  });

  it('has tanh to an absolute 4e-7', () => {
    const values = Float32Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 800);
    const logits = evaluateLogits(
      { w1: Float32Array.of(1), w2: Float32Array.of(1) },
      packImages(values, 1),
      'tanh',
      { layer1: 1, layer2: 1 },
      build,
    );
    const errors = Array.from(values, (x, i) => Math.abs(logits[i] - Math.tanh(x)));
    expect(Math.max(...errors)).toBeLessThan(4e-7);
  });
});

describe('inference', () => {
  it('takes the first of equal outputs', () => {
    const weights = { w1: new Float32Array(23 * 37), w2: new Float32Array(37 * 14) };
    expect(evaluate(weights, images.images, 'tanh', gains).every((prediction) => prediction === 0)).toBe(true);
  });

  it.each([
    ['weights that form no network', { w1: new Float32Array(23 * 37 + 1), w2: new Float32Array(37 * 14) }],
    ['no weights', { w1: new Float32Array(0), w2: new Float32Array(0) }],
    ['a weight that is NaN', { w1: new Float32Array(23 * 37).fill(Number.NaN, 5, 6), w2: new Float32Array(37 * 14) }],
    ['an infinite weight', { w1: new Float32Array(23 * 37), w2: new Float32Array(37 * 14).fill(Infinity) }],
  ])('refuses %s', (_, weights) => {
    expect(() => evaluate(weights, images.images, 'tanh', gains)).toThrow(
      expect.objectContaining({ code: 'TB_SOLUTION_INVALID' }),
    );
  });
});
