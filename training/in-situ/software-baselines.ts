import { shuffledOrder, shuffleInPlace } from '../dataset/shuffle.ts';
import { RandomStream } from '../random-stream.ts';
import { BatchNetwork, type LayeredShape, layerColumns, layerCount, layerRows } from './batch-network.ts';
import type { Samples } from './samples.ts';

export interface BaselineParameters {
  readonly epochs: number;
  readonly batch: number;
  /** First rate of Adam; falls to 0 as a cosine. */
  readonly learningRate: number;
  readonly gains: readonly number[];
  /** Real weights start uniform in ± this over √rows; binary latent weights in ± this. */
  readonly start: number;
}

/** Real-valued weights, tanh, softmax: the same shape and inputs as the arrays have. Chosen on validation data. */
export const REAL_PARAMETERS = {
  images: { epochs: 20, batch: 100, learningRate: 3e-3, start: 1 },
  table: { epochs: 100, batch: 20, learningRate: 1e-2, start: 1 },
} as const;

/** Latent weights clipped to ±1, used by their sign, gradient passed straight through (Courbariaux et al. 2015). */
export const BINARY_PARAMETERS = {
  // gain: of a layer, over the root of its rows.
  images: { epochs: 20, batch: 100, learningRate: 1e-2, start: 0.3, gain: 4 },
  table: { epochs: 100, batch: 20, learningRate: 1e-2, start: 0.3, gain: 2 },
} as const;

/** Trained weights of every layer, rows × columns. */
export interface TrainedBaseline {
  readonly network: BatchNetwork;
  /** As used: real, or ±1. */
  readonly weights: readonly Float32Array[];
}

/** Adam on real or binary weights. Binary weights: gains as given; the weights returned are signs. */
export function trainBaseline(
  shape: LayeredShape,
  samples: Samples,
  { epochs, batch, learningRate, gains, start }: BaselineParameters,
  binary: boolean,
  key: readonly number[],
  capacity = 1000,
): TrainedBaseline {
  const random = new RandomStream(...key, 4);
  const network = new BatchNetwork(shape, gains, Math.max(capacity, batch));
  const layers = Array.from({ length: layerCount(shape) }, (_, l) => newLayer(shape, l, start, binary, random));
  const show = () => {
    for (const [l, { latent, used }] of layers.entries()) showLayer(network, l, latent, used, binary);
  };
  show();
  const order = shuffledOrder(samples.count, random);
  const size = Math.min(batch, samples.count);
  const perEpoch = Math.floor(samples.count / size);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffleInPlace(order, random);
    for (let from = 0; from + size <= samples.count; from += size) {
      step += 1;
      const rate = (learningRate * (1 + Math.cos((Math.PI * (step - 1)) / (epochs * perEpoch)))) / 2;
      network.forward(samples, order, from, from + size);
      network.backward(samples.labels, order, from);
      layers.forEach((layer, l) => {
        network.gradient(l, layer.gradient);
        adam(layer, rate, step, binary);
      });
      show();
    }
  }
  return { network, weights: layers.map(({ used }) => used) };
}

interface BaselineLayer {
  readonly latent: Float32Array;
  readonly used: Float32Array;
  readonly gradient: Float32Array;
  readonly moment1: Float32Array;
  readonly moment2: Float32Array;
}

function newLayer(shape: LayeredShape, l: number, start: number, binary: boolean, random: RandomStream): BaselineLayer {
  const rows = layerRows(shape, l);
  const count = rows * layerColumns(shape, l);
  const reach = binary ? start : start / Math.sqrt(rows);
  return {
    latent: Float32Array.from({ length: count }, () => reach * (2 * random.uniform() - 1)),
    used: new Float32Array(count),
    gradient: new Float32Array(count),
    moment1: new Float32Array(count),
    moment2: new Float32Array(count),
  };
}

function showLayer(network: BatchNetwork, l: number, latent: Float32Array, used: Float32Array, binary: boolean): void {
  for (let i = 0; i < latent.length; i++) used[i] = binary ? (latent[i] >= 0 ? 1 : -1) : latent[i];
  network.setWeights(l, used);
}

/** Kingma and Ba, ICLR 2015, with β 0.9, 0.999 and ε 1e-8. */
function adam(
  { latent, gradient, moment1, moment2 }: BaselineLayer,
  rate: number,
  step: number,
  binary: boolean,
): void {
  const scale = rate / (1 - 0.9 ** step);
  const unbias = 1 / (1 - 0.999 ** step);
  for (let i = 0; i < latent.length; i++) {
    const g = gradient[i];
    moment1[i] = 0.9 * moment1[i] + 0.1 * g;
    moment2[i] = 0.999 * moment2[i] + 0.001 * g * g;
    const moved = latent[i] - (scale * moment1[i]) / (Math.sqrt(moment2[i] * unbias) + 1e-8);
    latent[i] = binary ? Math.max(-1, Math.min(1, moved)) : moved;
  }
}
