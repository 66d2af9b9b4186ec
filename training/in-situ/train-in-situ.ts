import { shuffledOrder, shuffleInPlace } from '../dataset/shuffle.ts';
import { RandomStream } from '../random-stream.ts';
import type { ArrayAccess } from './array-access.ts';
import { BatchNetwork, type LayeredShape, layerColumns, layerCount, layerRows } from './batch-network.ts';
import { checkInSituParameters, type InSituParameters } from './in-situ-parameters.ts';
import { outerProducts } from './outer-products.ts';
import type { Samples } from './samples.ts';
import { wantedFlips } from './wanted-flips.ts';

/** After each update of all layers. */
export interface UpdateReport {
  /** Since the start. */
  readonly updates: number;
  /** Epochs begun, the fraction done of this one included. */
  readonly epoch: number;
  readonly network: BatchNetwork;
}

/** After each epoch. */
export interface EpochReport {
  readonly epoch: number;
  readonly meanLoss: number;
  /** The network with the weights as read now; evaluate at will, keep nothing. */
  readonly network: BatchNetwork;
}

/**
 * Trains weights that exist only as states of junctions. Each batch: read the arrays, pass the batch forward and backward, pulse each
 * layer once. Kept outside the junctions: activations and errors of one batch (batch × lines), no latent weight, no accumulator
 * of the size of the weights.
 *
 * @param arrays one per weight layer
 * @param key of the random stream of the shuffles
 * @param onUpdate awaited: what must be kept of an update is kept before the next one begins
 * @param updatesDone of an interrupted training, which are not done again: the weights are where they were left. With the
 * update scheme `columns` the others are then those of a training that was not interrupted
 * @throws TB_TRAINING_PARAMETER
 */
export async function trainInSitu(
  shape: LayeredShape,
  arrays: readonly ArrayAccess[],
  samples: Samples,
  parameters: InSituParameters,
  key: readonly number[],
  onEpoch: (report: EpochReport) => void = () => undefined,
  onUpdate: (report: UpdateReport) => void | Promise<void> = () => undefined,
  updatesDone = 0,
): Promise<BatchNetwork> {
  const layers = layerCount(shape);
  checkInSituParameters(parameters, layers, samples.count);
  const { epochs, firstBatch, lastBatch } = parameters;
  const random = new RandomStream(...key, 3);
  const network = new BatchNetwork(shape, parameters.gains, Math.max(firstBatch, lastBatch));
  const buffers = arrays.map((_, l) => new Float32Array(layerRows(shape, l) * layerColumns(shape, l)));
  for (let l = 0; l < layers; l++) await readLayer(network, arrays[l], l, buffers[l]);
  const order = shuffledOrder(samples.count, random);

  let updates = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const batch = Math.round(geometric(firstBatch, lastBatch, epochs > 1 ? epoch / (epochs - 1) : 1));
    shuffleInPlace(order, random);
    let loss = 0;
    let batches = 0;
    for (let from = 0; from + batch <= samples.count; from += batch) {
      if (updates < updatesDone) {
        updates += 1;
        continue;
      }
      network.forward(samples, order, from, from + batch);
      loss += network.backward(samples.labels, order, from);
      batches += 1;
      const progress = (epoch + from / samples.count) / epochs;
      for (let l = 0; l < layers; l++) {
        await updateLayer(network, arrays[l], l, batch, progress, parameters, buffers[l], random);
        await readLayer(network, arrays[l], l, buffers[l]);
      }
      updates += 1;
      await onUpdate({ updates, epoch: epoch + (from + batch) / samples.count, network });
    }
    if (batches > 0) onEpoch({ epoch, meanLoss: loss / batches, network });
  }
  return network;
}

async function updateLayer(
  network: BatchNetwork,
  array: ArrayAccess,
  layer: number,
  batch: number,
  progress: number,
  parameters: InSituParameters,
  buffer: Float32Array,
  random: RandomStream,
): Promise<void> {
  const rate = geometric(parameters.rate, parameters.lastRate, progress);
  network.gradient(layer, buffer);
  const powers = network.linePowers(layer);
  if (parameters.update === 'columns') {
    wantedFlips(buffer, powers, batch, { rate, threshold: parameters.threshold }, buffer);
    await array.pulse(buffer);
    return;
  }
  const largest = geometric(parameters.largestProbability, parameters.lastLargestProbability, progress);
  for (const { rows, columns } of outerProducts(
    buffer,
    powers,
    batch,
    { rate, largest, rank: parameters.rank },
    random,
  )) {
    await array.pulseOuter(rows, columns);
  }
}

async function readLayer(
  network: BatchNetwork,
  array: ArrayAccess,
  layer: number,
  buffer: Float32Array,
): Promise<void> {
  await array.read(buffer);
  network.setWeights(layer, buffer);
}

const geometric = (first: number, last: number, progress: number): number => first * (last / first) ** progress;
