/** One training from the first draw to the last step. */
import type { Dataset } from '../dataset/dataset.ts';
import { shuffledOrder, shuffleInPlace } from '../dataset/shuffle.ts';
import { applyCorrection, type DefectCorrection } from '../defect-correction.ts';
import { gainsOf } from '../kernels/gains.ts';
import { countErrors, evaluate } from '../kernels/inference.ts';
import type { KernelBuild } from '../kernels/kernel-build.ts';
import { type LayerValues, TrainingKernel } from '../kernels/training-kernel.ts';
import type { NetworkShape } from '../network-shape.ts';
import { RandomStream } from '../random-stream.ts';
import type { TrainingParameters } from '../training-parameters.ts';
import { DefectMapBatch, type MapSampler } from './map-sampler.ts';

/** Everything that decides a training's result. */
export interface TrainingJob {
  readonly shape: NetworkShape;
  readonly parameters: TrainingParameters;
  readonly seed: number;
  readonly member: number;
  readonly correction: DefectCorrection | null;
  readonly sampler: MapSampler | null;
}

export interface TrainedWeights {
  readonly signs1: Int8Array;
  readonly signs2: Int8Array;
  readonly validationErrors: number;
  readonly validationImages: number;
  /** Mean loss of the last epoch, as trained. */
  readonly lastLoss: number;
}

export interface TrainingWatch {
  /** Asked before each step; false stops the training. */
  readonly keepGoing?: () => boolean;
  readonly onEpoch?: (epochs: number, meanLoss: number) => void;
}

/** Purposes of the random streams of one training, so that none depends on how much another draws. */
const LATENTS = 1;
const ORDER = 2;
const MAPS = 3;

/**
 * Trains one network. The result depends on job, data and kernel build alone.
 *
 * @returns null when stopped
 */
export function trainSolution(
  job: TrainingJob,
  data: Pick<Dataset, 'train' | 'validation'>,
  build: KernelBuild,
  watch: TrainingWatch = {},
): TrainedWeights | null {
  const { shape, parameters, seed, member } = job;
  const kernel = new TrainingKernel(build, shape, parameters, data.train);
  kernel.latents = drawLatents(shape, parameters.latentRange, new RandomStream(seed, member, LATENTS));
  const mapStream = new RandomStream(seed, member, MAPS);
  const fillMaps = prepareDefects(kernel, job, mapStream);

  const { batchSize, epochs, learningRate } = parameters;
  const stepsPerEpoch = Math.floor(data.train.images.count / batchSize);
  const orderStream = new RandomStream(seed, member, ORDER);
  const order = shuffledOrder(data.train.images.count, orderStream);
  let meanLoss = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    let loss = 0;
    for (let step = 0; step < stepsPerEpoch; step++) {
      if (watch.keepGoing?.() === false) return null;
      fillMaps();
      loss += kernel.gradients(order.subarray(step * batchSize, (step + 1) * batchSize));
      kernel.update(learningRate * cosineDecay(epoch * stepsPerEpoch + step, epochs * stepsPerEpoch));
    }
    meanLoss = loss / stepsPerEpoch;
    watch.onEpoch?.(epoch + 1, meanLoss);
    shuffleInPlace(order, orderStream);
  }
  const signs = kernel.signs();
  const effective = applyCorrection(signs, job.correction ?? undefined);
  const { images, labels } = data.validation;
  const predictions = evaluate(effective, images, parameters.activation, gainsOf(shape, parameters), build.name);
  return {
    ...signs,
    validationErrors: countErrors(predictions, labels),
    validationImages: images.count,
    lastLoss: meanLoss,
  };
}

/** From 1 before the first step to 0 after the last. */
function cosineDecay(step: number, steps: number): number {
  return (1 + Math.cos((Math.PI * step) / steps)) / 2;
}

function drawLatents({ inputs, hidden, outputs }: NetworkShape, range: number, random: RandomStream): LayerValues {
  const draw = (length: number) => Float32Array.from({ length }, () => range * (2 * random.uniform() - 1));
  return { layer1: draw(inputs * hidden), layer2: draw(hidden * outputs) };
}

/** Tells the kernel of the defects to train with; returns what to do before each step. */
function prepareDefects(kernel: TrainingKernel, job: TrainingJob, random: RandomStream): () => void {
  const { correction, sampler, parameters } = job;
  const { statistics, batchSize } = parameters;
  if (correction !== null) kernel.useDieCorrection(correction);
  if (statistics?.source === 'uniform' && statistics.defectRate > 0) {
    kernel.useUniformMaps(statistics.defectRate, statistics.wSat, random);
  }
  if (statistics?.source !== 'population' || sampler === null) return () => undefined;
  const maps = new DefectMapBatch();
  return () => {
    maps.clear();
    sampler.fill(maps, batchSize, random);
    kernel.setMaps(maps);
  };
}
