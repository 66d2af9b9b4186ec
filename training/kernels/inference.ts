/** Inference with any effective weights: what a die makes of a solution. */
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { PackedImages } from '../dataset/packed-images.ts';
import type { EffectiveWeights } from '../defect-correction.ts';
import type { Activation } from '../training-parameters.ts';
import type { Gains } from './gains.ts';
import { instantiate, type KernelBuildName, kernelBuild } from './kernel-build.ts';
import { ACTIVATION_CODES, type KernelExports } from './kernel-exports.ts';
import { loadImages } from './load-images.ts';

/** Images passed through both layers at a time, so that the hidden activations stay in the first-level cache. */
const CHUNK = 64;

interface Session {
  readonly kernel: KernelExports;
  readonly hidden: number;
  readonly outputs: number;
  readonly predictionsAt: number;
}

/** Instances by images, so that evaluating many weights on the same images loads the images once. */
const sessions = new WeakMap<PackedImages, Map<string, Session>>();

/**
 * Class of every image: the largest output, the first of equals.
 *
 * @param effective weights as the crossbar realises them; the shape follows from their lengths
 * @returns one class per image
 * @throws TB_SOLUTION_INVALID when the lengths fit no network on these images, or a weight is not finite
 */
export function evaluate(
  effective: EffectiveWeights,
  images: PackedImages,
  activation: Activation,
  gains: Gains,
  build: KernelBuildName = 'plain',
): Uint8Array {
  const session = prepare(effective, images, activation, gains, build);
  const { kernel, predictionsAt } = session;
  const predictions = new Uint8Array(images.count);
  forEachChunk(session, images.count, (first, used) => {
    kernel.predict(used, predictionsAt);
    predictions.set(new Uint8Array(kernel.memory.buffer, predictionsAt, used), first);
  });
  return predictions;
}

/**
 * Logits of every image, gain included: images × outputs, image after image.
 *
 * @throws as evaluate
 */
export function evaluateLogits(
  effective: EffectiveWeights,
  images: PackedImages,
  activation: Activation,
  gains: Gains,
  build: KernelBuildName = 'plain',
): Float32Array {
  const session = prepare(effective, images, activation, gains, build);
  const { kernel, outputs } = session;
  const stride = kernel.outputStride();
  const logits = new Float32Array(images.count * outputs);
  forEachChunk(session, images.count, (first, used) => {
    const sums = new Float32Array(kernel.memory.buffer, kernel.addressOfOutputs(), used * stride);
    for (let b = 0; b < used; b++) {
      for (let k = 0; k < outputs; k++) logits[(first + b) * outputs + k] = gains.layer2 * sums[b * stride + k];
    }
  });
  return logits;
}

/** Images whose prediction is not their label. */
export function countErrors(predictions: Uint8Array, labels: Uint8Array): number {
  let errors = 0;
  for (let i = 0; i < predictions.length; i++) if (predictions[i] !== labels[i]) errors++;
  return errors;
}

function forEachChunk({ kernel }: Session, count: number, then: (first: number, used: number) => void): void {
  const order = new Uint32Array(kernel.memory.buffer, kernel.addressOfOrder(), CHUNK);
  for (let first = 0; first < count; first += CHUNK) {
    const used = Math.min(CHUNK, count - first);
    for (let i = 0; i < used; i++) order[i] = first + i;
    kernel.infer(used);
    then(first, used);
  }
}

function prepare(
  effective: EffectiveWeights,
  images: PackedImages,
  activation: Activation,
  gains: Gains,
  build: KernelBuildName,
): Session {
  const session = sessionFor(effective, images, build);
  const { kernel, hidden, outputs } = session;
  const stride = kernel.hiddenStride();
  kernel.setNetwork(gains.layer1, gains.layer2, ACTIVATION_CODES[activation]);
  const weights = new Float32Array(kernel.memory.buffer, kernel.addressOfWeights(), (images.inputs + outputs) * stride);
  for (let i = 0; i < images.inputs; i++) {
    weights.set(effective.w1.subarray(i * hidden, (i + 1) * hidden), i * stride);
  }
  for (let k = 0; k < outputs; k++) {
    const row = (images.inputs + k) * stride;
    for (let j = 0; j < hidden; j++) weights[row + j] = effective.w2[j * outputs + k];
  }
  kernel.takeWeights();
  return session;
}

function sessionFor(effective: EffectiveWeights, images: PackedImages, build: KernelBuildName): Session {
  const hidden = effective.w1.length / images.inputs;
  const outputs = effective.w2.length / hidden;
  const isNetwork = [hidden, outputs].every((n) => Number.isInteger(n) && n > 0);
  if (!isNetwork || outputs > 256) {
    throw new TunnelbenchError('TB_SOLUTION_INVALID', {
      thing: 'effective weights',
      what: 'they form no network on these images',
      value: `${effective.w1.length} and ${effective.w2.length} weights`,
      expected: `${images.inputs} × hidden and hidden × outputs, at most 256 outputs`,
      remedy: 'Evaluate a solution on images of the size it was trained on.',
    });
  }
  requireFinite(effective.w1, 1);
  requireFinite(effective.w2, 2);
  const key = `${build} ${hidden} ${outputs}`;
  let ofImages = sessions.get(images);
  if (ofImages === undefined) {
    ofImages = new Map();
    sessions.set(images, ofImages);
  }
  let session = ofImages.get(key);
  if (session === undefined) {
    session = open(images, hidden, outputs, build);
    ofImages.set(key, session);
  }
  return session;
}

function requireFinite(weights: Float32Array, layer: number): void {
  const bad = weights.findIndex((w) => !Number.isFinite(w));
  if (bad === -1) return;
  throw new TunnelbenchError('TB_SOLUTION_INVALID', {
    thing: `effective weight ${bad} of layer ${layer}`,
    what: 'it is not a finite number',
    value: String(weights[bad]),
    remedy: 'Check the die model it was computed from.',
  });
}

function open(images: PackedImages, hidden: number, outputs: number, build: KernelBuildName): Session {
  const kernel = instantiate(kernelBuild(build === 'relaxed'));
  const entries = images.start[images.count] - images.start[0];
  // One image is added to the count to hold the predictions of a chunk, which the labels' room is too small for.
  kernel.configure(images.inputs, hidden, outputs, CHUNK, images.count + CHUNK, entries);
  loadImages(kernel, images);
  return { kernel, hidden, outputs, predictionsAt: kernel.addressOfLabels() };
}
