/**
 * The training step in plain TypeScript, written to be read: no padding, no packing, every image with its own full set
 * of weights. The kernels are checked against it, and it against finite differences.
 */
import type { Gains } from '../kernels/gains.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { Activation } from '../training-parameters.ts';

export type Precision = 'float32' | 'float64';
export type Values = Float32Array | Float64Array;

/** Values of both layers: inputs × hidden and hidden × outputs. */
export interface LayerPair {
  readonly layer1: Values;
  readonly layer2: Values;
}

export interface ReferenceNetwork {
  readonly shape: NetworkShape;
  readonly activation: Activation;
  readonly gains: Gains;
  /** Of everything stored between operations; single operations are float64 in either case. */
  readonly precision: Precision;
}

/** One image of a batch with the weights that it meets. */
export interface ReferenceImage {
  /** One value per input, zeros included. */
  readonly pixels: ArrayLike<number>;
  readonly label: number;
  readonly effective: LayerPair;
  /** What each effective weight follows of its sign: 1 for a sound weight. */
  readonly slope: LayerPair;
}

export interface ReferenceGradients {
  /** Mean over the batch of softmax cross-entropy, nats. */
  readonly loss: number;
  /** Of the mean loss with respect to each image's effective weights, summed over images. */
  readonly effective: LayerPair;
  /** The same times the slopes: the straight-through estimate for the latent weights. */
  readonly latent: LayerPair;
}

export interface ReferenceForward {
  readonly hidden: Values;
  readonly logits: Values;
}

export function valuesOf(precision: Precision, length: number): Values {
  return precision === 'float64' ? new Float64Array(length) : new Float32Array(length);
}

/** hidden_j = f(g₁ Σᵢ xᵢ w1ᵢⱼ), logit_k = g₂ Σⱼ hidden_j w2ⱼₖ. */
export function referenceForward(
  network: ReferenceNetwork,
  pixels: ArrayLike<number>,
  { layer1, layer2 }: LayerPair,
): ReferenceForward {
  const { shape, activation, gains, precision } = network;
  const hidden = valuesOf(precision, shape.hidden);
  for (let j = 0; j < shape.hidden; j++) {
    let sum = 0;
    for (let i = 0; i < shape.inputs; i++) sum += pixels[i] * layer1[i * shape.hidden + j];
    hidden[j] = activate(activation, gains.layer1 * sum);
  }
  const logits = valuesOf(precision, shape.outputs);
  for (let k = 0; k < shape.outputs; k++) {
    let sum = 0;
    for (let j = 0; j < shape.hidden; j++) sum += hidden[j] * layer2[j * shape.outputs + k];
    logits[k] = gains.layer2 * sum;
  }
  return { hidden, logits };
}

/** −ln softmax(logits)[label], with the largest logit taken out before the exponentials. */
export function crossEntropy(logits: Values, label: number): number {
  const largest = Math.max(...logits);
  let sum = 0;
  for (const z of logits) sum += Math.exp(z - largest);
  return Math.log(sum) + largest - logits[label];
}

export function referenceGradients(network: ReferenceNetwork, batch: readonly ReferenceImage[]): ReferenceGradients {
  const { shape, precision } = network;
  const emptyPair = () => ({
    layer1: valuesOf(precision, shape.inputs * shape.hidden),
    layer2: valuesOf(precision, shape.hidden * shape.outputs),
  });
  const effective = emptyPair();
  const latent = emptyPair();
  let loss = 0;
  for (const image of batch) {
    loss += crossEntropy(referenceForward(network, image.pixels, image.effective).logits, image.label) / batch.length;
    addImage(network, image, 1 / batch.length, effective, latent);
  }
  return { loss, effective, latent };
}

/** Backward pass of one image, added to both sums of gradients. */
function addImage(
  network: ReferenceNetwork,
  image: ReferenceImage,
  share: number,
  effective: LayerPair,
  latent: LayerPair,
): void {
  const { shape, activation, gains } = network;
  const { hidden, logits } = referenceForward(network, image.pixels, image.effective);
  const outputError = softmax(logits).map((p, k) => share * gains.layer2 * (p - (k === image.label ? 1 : 0)));

  for (let j = 0; j < shape.hidden; j++) {
    let atHidden = 0;
    for (let k = 0; k < shape.outputs; k++) {
      const weight = j * shape.outputs + k;
      atHidden += outputError[k] * image.effective.layer2[weight];
      const gradient = hidden[j] * outputError[k];
      effective.layer2[weight] += gradient;
      latent.layer2[weight] += gradient * image.slope.layer2[weight];
    }
    const atSum = atHidden * slopeAt(activation, hidden[j]) * gains.layer1;
    for (let i = 0; i < shape.inputs; i++) {
      const weight = i * shape.hidden + j;
      const gradient = image.pixels[i] * atSum;
      effective.layer1[weight] += gradient;
      latent.layer1[weight] += gradient * image.slope.layer1[weight];
    }
  }
}

function softmax(logits: Values): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (z) => Math.exp(z - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function activate(activation: Activation, a: number): number {
  if (activation === 'tanh') return Math.tanh(a);
  if (activation === 'hard-tanh') return Math.min(1, Math.max(-1, a));
  return Math.max(0, a);
}

/** Slope of the activation where it has the value h. */
function slopeAt(activation: Activation, h: number): number {
  if (activation === 'tanh') return 1 - h * h;
  if (activation === 'hard-tanh') return Math.abs(h) < 1 ? 1 : 0;
  return h > 0 ? 1 : 0;
}
