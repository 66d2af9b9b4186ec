import { describe, expect, it } from 'vitest';
import type { DefectCorrection } from '../../training/defect-correction.ts';
import { gainsOf } from '../../training/kernels/gains.ts';
import { kernelBuild } from '../../training/kernels/kernel-build.ts';
import { TrainingKernel } from '../../training/kernels/training-kernel.ts';
import type { NetworkShape } from '../../training/network-shape.ts';
import { RandomStream } from '../../training/random-stream.ts';
import { type AdamState, referenceAdam } from '../../training/reference/reference-adam.ts';
import {
  type LayerPair,
  type ReferenceGradients,
  type ReferenceNetwork,
  referenceGradients,
  type Values,
} from '../../training/reference/reference-network.ts';
import { type ReferenceDefect, referenceWeights } from '../../training/reference/reference-weights.ts';
import { DefectMapBatch } from '../../training/trainer/map-sampler.ts';
import { DEFAULT_PARAMETERS, type TrainingParameters } from '../../training/training-parameters.ts';
import { type SmallImages, smallImages } from './small-images.ts';

const STEPS = 6;
const shapes: NetworkShape[] = [
  { inputs: 100, hidden: 90, outputs: 10 },
  { inputs: 7, hidden: 5, outputs: 3 },
  { inputs: 33, hidden: 50, outputs: 13 },
];

/** Where the defects of each image of a step come from; set up on the kernel once, told to the reference each step. */
interface Defects {
  setUp(kernel: TrainingKernel): void;
  beforeStep(kernel: TrainingKernel, step: number): void;
  ofImage(kernel: TrainingKernel, image: number): ReferenceDefect[];
}

const noDefects: Defects = { setUp: () => {}, beforeStep: () => {}, ofImage: () => [] };

function dieDefects(shape: NetworkShape, seed: number): Defects {
  const defects = drawDefects(shape, new RandomStream(seed), 0.03);
  const layer = (number: 1 | 2) => {
    const own = defects.filter((defect) => defect.layer === number);
    return {
      index: Uint32Array.from(own, ({ index }) => index),
      plus: Float32Array.from(own, ({ plus }) => plus),
      minus: Float32Array.from(own, ({ minus }) => minus),
    };
  };
  const correction: DefectCorrection = { layer1: layer(1), layer2: layer(2) };
  return { ...noDefects, setUp: (kernel) => kernel.useDieCorrection(correction), ofImage: () => defects };
}

function uniformDefects(defectRate: number, wSat: number, seed: number): Defects {
  return {
    ...noDefects,
    setUp: (kernel) => kernel.useUniformMaps(defectRate, wSat, new RandomStream(seed)),
    ofImage: (kernel, image) =>
      kernel
        .drawnDefects()
        .filter((drawn) => drawn.image === image)
        .map(({ layer, index, effective }) => ({ layer, index, plus: effective, minus: effective })),
  };
}

function listedDefects(shape: NetworkShape, images: number): Defects {
  let maps: ReferenceDefect[][] = [];
  return {
    ...noDefects,
    beforeStep: (kernel, step) => {
      const random = new RandomStream(step, 77);
      // Every other step has more defects than the one before, so that the kernel must make room while it runs.
      maps = Array.from({ length: images }, () => drawDefects(shape, random, 0.01 * (1 + step)));
      const batch = new DefectMapBatch();
      for (const map of maps) {
        for (const { layer, index, plus, minus } of map) {
          if (layer === 1) batch.addLayer1(index, plus, minus);
          else batch.addLayer2(index, plus, minus);
        }
        batch.endMap();
      }
      kernel.setMaps(batch);
    },
    ofImage: (_, image) => maps[image],
  };
}

/** Shorts, whose value no sign changes, and half-defective weights, whose value follows the sign a little. */
function drawDefects(shape: NetworkShape, random: RandomStream, rate: number): ReferenceDefect[] {
  const defects: ReferenceDefect[] = [];
  for (const layer of [1, 2] as const) {
    const weights = layer === 1 ? shape.inputs * shape.hidden : shape.hidden * shape.outputs;
    for (let index = 0; index < weights; index++) {
      if (random.uniform() >= rate) continue;
      const plus = Math.fround(30 * (random.uniform() - 0.5));
      const minus = random.uniform() < 0.5 ? plus : Math.fround(plus - random.uniform());
      defects.push({ layer, index, plus, minus });
    }
  }
  return defects;
}

interface Comparison {
  lossError: number;
  gradientError: number;
  latentError: number;
}

/** Trains in the kernel; at each step the reference repeats the step from the kernel's own latents, batch and defects. */
function compare(
  shape: NetworkShape,
  hyper: TrainingParameters,
  data: SmallImages,
  defects: Defects,
  fast: boolean,
): Comparison {
  const network: ReferenceNetwork = {
    shape,
    activation: hyper.activation,
    gains: gainsOf(shape, hyper),
    precision: 'float64',
  };
  const kernel = new TrainingKernel(kernelBuild(fast), shape, hyper, data);
  const random = new RandomStream(5);
  const draw = (length: number) => Float32Array.from({ length }, () => 0.6 * (random.uniform() - 0.5));
  kernel.latents = { layer1: draw(shape.inputs * shape.hidden), layer2: draw(shape.hidden * shape.outputs) };
  defects.setUp(kernel);
  const adam = { layer1: adamState(kernel.latents.layer1), layer2: adamState(kernel.latents.layer2) };

  const worst = { lossError: 0, gradientError: 0, latentError: 0 };
  for (let step = 1; step <= STEPS; step++) {
    const batch = Uint32Array.from({ length: hyper.batchSize }, () => random.below(data.images.count));
    const { latents } = kernel;
    defects.beforeStep(kernel, step);
    const loss = kernel.gradients(batch);
    const expected = reference(network, latents, data, batch, hyper, (image) => defects.ofImage(kernel, image));
    const { gradient } = kernel;
    kernel.update(hyper.learningRate);

    worst.lossError = Math.max(worst.lossError, Math.abs(loss - expected.loss) / expected.loss);
    for (const layer of ['layer1', 'layer2'] as const) {
      const error = distance(gradient[layer], expected.latent[layer]) / norm(expected.latent[layer]);
      worst.gradientError = Math.max(worst.gradientError, error);
      adam[layer].latent.set(latents[layer]);
      referenceAdam(adam[layer], gradient[layer], hyper.learningRate, step, hyper);
      const moved = largestDifference(kernel.latents[layer], adam[layer].latent);
      worst.latentError = Math.max(worst.latentError, moved);
    }
  }
  return worst;
}

function reference(
  network: ReferenceNetwork,
  latents: LayerPair,
  { dense, labels }: SmallImages,
  batch: Uint32Array,
  { defectGradient }: TrainingParameters,
  defectsOf: (image: number) => ReferenceDefect[],
): ReferenceGradients {
  const { shape, precision } = network;
  return referenceGradients(
    network,
    Array.from(batch, (image, place) => ({
      pixels: dense.subarray(image * shape.inputs, (image + 1) * shape.inputs),
      label: labels[image],
      ...referenceWeights(shape, latents, defectsOf(place), defectGradient, precision),
    })),
  );
}

function adamState(latent: Float32Array): AdamState {
  const zeros = () => new Float64Array(latent.length);
  return { latent: Float64Array.from(latent), moment1: zeros(), moment2: zeros() };
}

function norm(values: Values): number {
  return Math.hypot(...values);
}

function distance(a: Float32Array, b: Values): number {
  return norm(Float64Array.from(a, (value, i) => value - b[i]));
}

function largestDifference(a: Float32Array, b: Values): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

function expectAgreement({ lossError, gradientError, latentError }: Comparison): void {
  expect(lossError).toBeLessThan(1e-5);
  expect(gradientError).toBeLessThan(1e-4);
  expect(latentError).toBeLessThan(1e-5);
}

describe.each(['plain', 'relaxed'] as const)('the %s kernels do the step of the reference', (name) => {
  const fast = name === 'relaxed';

  describe.each(shapes)('on a $inputs-$hidden-$outputs network', (shape) => {
    const data = smallImages(40, shape.inputs, shape.outputs, 3);
    // An odd batch, so that the last pair of images is half empty.
    const hyper = { ...DEFAULT_PARAMETERS, batchSize: 15 };

    it.each(['tanh', 'hard-tanh', 'relu'] as const)('defect-free with %s', (activation) => {
      expectAgreement(compare(shape, { ...hyper, activation }, data, noDefects, fast));
    });

    it.each(['masked', 'pass'] as const)('around the defects of a die, gradient %s', (defectGradient) => {
      expectAgreement(compare(shape, { ...hyper, defectGradient }, data, dieDefects(shape, 11), fast));
    });

    it.each([
      ['masked', 20, 0.02],
      ['pass', 20, 0.02],
      ['masked', 0, 0.2],
      // Masked, nothing would be left to compare: every weight of every image is defective.
      ['pass', 5, 1],
    ] as const)('with a fresh uniform map per image, gradient %s, W_sat %d, rate %d', (defectGradient, wSat, rate) => {
      expectAgreement(compare(shape, { ...hyper, defectGradient }, data, uniformDefects(rate, wSat, 9), fast));
    });

    it.each(['masked', 'pass'] as const)('with maps from a sampler, gradient %s', (defectGradient) => {
      expectAgreement(compare(shape, { ...hyper, defectGradient }, data, listedDefects(shape, 15), fast));
    });
  });
});

describe('the straight-through estimator', () => {
  const shape = shapes[1];
  const data = smallImages(20, shape.inputs, shape.outputs, 8);

  it('copies the gradient of the effective weights to the latent weights', () => {
    const hyper = { ...DEFAULT_PARAMETERS, batchSize: 20 };
    const kernel = new TrainingKernel(kernelBuild(), shape, hyper, data);
    const batch = Uint32Array.from({ length: 20 }, (_, i) => i);
    const scaled = (factor: number) => ({
      layer1: Float32Array.from({ length: 35 }, (_, i) => (i % 3 === 0 ? -factor : factor)),
      layer2: Float32Array.from({ length: 15 }, (_, i) => (i % 2 === 0 ? -factor : factor)),
    });
    // The size of a latent weight plays no part, only its sign.
    kernel.latents = scaled(0.9);
    const loss = kernel.gradients(batch);
    const { gradient } = kernel;
    kernel.latents = scaled(0.01);
    expect(kernel.gradients(batch)).toBe(loss);
    expect(kernel.gradient).toEqual(gradient);
  });

  it('keeps latent weights within the clip, and moves those inside it', () => {
    const hyper = { ...DEFAULT_PARAMETERS, batchSize: 20, latentClip: 0.25 };
    const kernel = new TrainingKernel(kernelBuild(), shape, hyper, data);
    const random = new RandomStream(1);
    const draw = (length: number) => Float32Array.from({ length }, () => 0.4 * (random.uniform() - 0.5));
    kernel.latents = { layer1: draw(35), layer2: draw(15) };
    kernel.gradients(Uint32Array.from({ length: 20 }, (_, i) => i));
    const { layer1 } = kernel.gradient;
    kernel.update(10);
    kernel.latents.layer1.forEach((latent, i) => {
      // A gradient much above Adam's epsilon moves a weight by the whole rate.
      if (Math.abs(layer1[i]) > 1e-6) expect(latent).toBe(layer1[i] > 0 ? -0.25 : 0.25);
      else expect(Math.abs(latent)).toBeLessThanOrEqual(0.25);
    });
  });

  it('takes the sign of 0 as +1', () => {
    const kernel = new TrainingKernel(kernelBuild(), shape, { ...DEFAULT_PARAMETERS, batchSize: 1 }, data);
    kernel.latents = { layer1: new Float32Array(35).fill(-0), layer2: new Float32Array(15) };
    expect(kernel.effective.layer1.every((weight) => weight === 1)).toBe(true);
    expect(kernel.signs().signs1.every((sign) => sign === 1)).toBe(true);
  });
});
