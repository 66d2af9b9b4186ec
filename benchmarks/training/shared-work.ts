import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelledImages } from '../../training/dataset/dataset.ts';
import { shuffledOrder } from '../../training/dataset/shuffle.ts';
import type { KernelBuild } from '../../training/kernels/kernel-build.ts';
import { TrainingKernel } from '../../training/kernels/training-kernel.ts';
import { PAPER_SHAPE, weightCount } from '../../training/network-shape.ts';
import { RandomStream } from '../../training/random-stream.ts';
import { DEFAULT_PARAMETERS } from '../../training/training-parameters.ts';
import type { Timing } from './contender.ts';

export const DEFECT_RATE = 0.005;
export const W_SAT = 5;

/** What every contender trains: the same images in the same order, from the same latent weights, at a constant rate. */
export interface SharedWork {
  readonly train: LabelledImages;
  readonly order: Uint32Array;
  /** Layer 1, then layer 2, in the order of a solution. */
  readonly latents: Float32Array;
}

export function sharedWork(train: LabelledImages): SharedWork {
  const random = new RandomStream(1);
  const latents = Float32Array.from({ length: weightCount(PAPER_SHAPE) }, () => 0.3 * (2 * random.uniform() - 1));
  return { train, order: shuffledOrder(train.images.count, random), latents };
}

/** Writes the work for programs in other languages: plain little-endian arrays. */
export function writeWork(folder: string, { train, order, latents }: SharedWork): void {
  const { images, labels } = train;
  const dense = new Float32Array(images.count * images.inputs);
  for (let i = 0; i < images.count; i++) {
    for (let e = images.start[i]; e < images.start[i + 1]; e++) {
      dense[i * images.inputs + images.pixel[e]] = images.value[e];
    }
  }
  writeFileSync(join(folder, 'images.f32'), dense);
  writeFileSync(join(folder, 'labels.u8'), labels);
  writeFileSync(join(folder, 'order.u32'), order);
  writeFileSync(join(folder, 'latents.f32'), latents);
}

/** Our own kernels on this thread. */
export function runKernel(build: KernelBuild, withDefects: boolean, steps: number, work: SharedWork): Timing {
  const { learningRate, batchSize } = DEFAULT_PARAMETERS;
  const kernel = new TrainingKernel(build, PAPER_SHAPE, DEFAULT_PARAMETERS, work.train);
  const layer1 = PAPER_SHAPE.inputs * PAPER_SHAPE.hidden;
  kernel.latents = { layer1: work.latents.subarray(0, layer1), layer2: work.latents.subarray(layer1) };
  if (withDefects) kernel.useUniformMaps(DEFECT_RATE, W_SAT, new RandomStream(2));
  let loss = 0;
  const before = process.threadCpuUsage();
  for (let step = 0; step < steps; step++) {
    loss += kernel.gradients(work.order.subarray(step * batchSize, (step + 1) * batchSize));
    kernel.update(learningRate);
  }
  const { user, system } = process.threadCpuUsage(before);
  return { processorSeconds: (user + system) / 1e6, meanLoss: loss / steps };
}
