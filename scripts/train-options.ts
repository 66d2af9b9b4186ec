import type { Command } from 'commander';
import type { Dataset } from '../training/dataset/dataset.ts';
import { PAPER_DOWNSCALING } from '../training/dataset/downscale.ts';
import { loadDataset, mnistFiles } from '../training/dataset/load-dataset.ts';
import { type NetworkShape, PAPER_SHAPE } from '../training/network-shape.ts';
import {
  type Activation,
  DEFAULT_PARAMETERS,
  type DefectGradient,
  type TrainingParameters,
} from '../training/training-parameters.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** Options of every training. */
export interface TrainOptions {
  readonly solutions: number;
  readonly seed: number;
  readonly store: string;
  readonly workers?: number;
  readonly fast?: boolean;
  readonly idx?: readonly string[];
  readonly crop: number;
  readonly block: number;
  readonly validationImages: number;
  readonly splitSeed: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly gain1: number;
  readonly gain2: number;
  readonly activation: Activation;
  readonly defectGradient: DefectGradient;
}

export function addTrainOptions(command: Command): Command {
  const defaults = DEFAULT_PARAMETERS;
  return command
    .option('--solutions <n>', 'solutions of the ensemble; those already in the store are not trained again', Number, 1)
    .option('--seed <n>', 'seed of the ensemble', Number, 1)
    .option('--store <file>', 'model store', 'models.sqlite')
    .option('--workers <n>', 'threads; default: one per processor; the result does not depend on it', Number)
    .option('--fast', 'relaxed kernels: faster, not bit-identical on every machine')
    .option('--idx <files...>', 'own IDX files: train images, train labels, test images, test labels; default: MNIST')
    .option('--crop <pixels>', 'side of the centre crop', Number, PAPER_DOWNSCALING.crop)
    .option('--block <pixels>', 'side of the squares averaged into one pixel', Number, PAPER_DOWNSCALING.block)
    .option('--validation-images <n>', 'training images held out for choices', Number, 5000)
    .option('--split-seed <n>', 'seed of the choice of these', Number, 1)
    .option('--hidden <n>', 'hidden units', Number, PAPER_SHAPE.hidden)
    .option('--epochs <n>', 'passes over the training images', Number, defaults.epochs)
    .option('--batch-size <n>', 'images a step', Number, defaults.batchSize)
    .option('--learning-rate <r>', 'at the start; decays to 0 as a cosine', Number, defaults.learningRate)
    .option('--gain1 <g>', 'gain of layer 1', Number, defaults.gain1)
    .option('--gain2 <g>', 'gain of layer 2', Number, defaults.gain2)
    .option('--activation <tanh|hard-tanh|relu>', 'of the hidden units', defaults.activation)
    .option('--defect-gradient <masked|pass>', 'gradient of a defective weight', defaults.defectGradient);
}

/** The images asked for. TB_USAGE, TB_FILE_NOT_FOUND, TB_DATASET_INVALID. */
export function trainingDataset({ idx, crop, block, validationImages, splitSeed }: TrainOptions): Dataset {
  const options = { downscaling: { crop, block }, validationImages, splitSeed };
  if (idx === undefined) return loadDataset(mnistFiles(), { ...options, name: 'MNIST' });
  if (idx.length !== 4) {
    throw new TunnelbenchError('TB_USAGE', {
      thing: '--idx',
      what: 'four files are needed',
      value: `${idx.length} files`,
      expected: 'train images, train labels, test images, test labels',
      remedy: 'Give all four.',
    });
  }
  const [trainImages, trainLabels, testImages, testLabels] = idx;
  return loadDataset({ trainImages, trainLabels, testImages, testLabels }, options);
}

/** Shape and hyper-parameters; the trainer checks them. TB_USAGE for a number of solutions that is none. */
export function readTrainOptions(
  options: TrainOptions,
  dataset: Dataset,
): { shape: NetworkShape; parameters: TrainingParameters } {
  for (const [name, value] of [
    ['--solutions', options.solutions],
    ['--workers', options.workers ?? 1],
  ] as const) {
    if (Number.isInteger(value) && value >= 1 && value <= 1e6) continue;
    throw new TunnelbenchError('TB_USAGE', {
      thing: name,
      what: 'it is no count',
      value: String(value),
      expected: 'a whole number from 1',
      remedy: 'Correct the option.',
    });
  }
  const { epochs, batchSize, learningRate, gain1, gain2, activation, defectGradient } = options;
  return {
    shape: { inputs: dataset.inputs, hidden: options.hidden, outputs: dataset.classes },
    parameters: {
      ...DEFAULT_PARAMETERS,
      ...{ epochs, batchSize, learningRate, gain1, gain2, activation, defectGradient },
    },
  };
}
