import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { DefectCorrection, LayerCorrection } from '../defect-correction.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { SolutionKind } from '../solution.ts';
import type { DefectStatistics, TrainingParameters } from '../training-parameters.ts';

/** What there is to check before a training starts. */
export interface TrainingRequest {
  readonly kind: SolutionKind;
  readonly shape: NetworkShape;
  readonly parameters: TrainingParameters;
  readonly seed: number;
  readonly members: readonly number[];
  readonly hasSampler: boolean;
  readonly correction: DefectCorrection | null;
}

/** Throws TB_TRAINING_PARAMETER for the first thing that makes no training, before any work is done. */
export function checkTraining(request: TrainingRequest, dataset: Dataset): void {
  const { kind, shape, parameters, seed, members, correction, hasSampler } = request;
  checkShape(shape, dataset);
  checkHyper(parameters, dataset.train.images.count);
  require(isWhole(seed, 0, 2 ** 32 - 1), 'seed', seed, 'a whole number from 0 to 4294967295');
  for (const member of members) {
    require(isWhole(member, 0, 2 ** 31 - 1), 'solution number', member, 'a whole number from 0');
  }
  require(new Set(members).size === members.length, 'solution numbers', 'a number twice', 'each once');

  const { statistics } = parameters;
  const statisticsAware = kind === 'statistics-aware';
  require((statistics !== null) === statisticsAware, 'statistics', JSON.stringify(statistics), statisticsAware
    ? 'defect statistics'
    : `none for a ${kind} training`);
  if (statistics !== null) checkStatistics(statistics, hasSampler);
  const hardwareAware = kind === 'hardware-aware';
  require((correction !== null) === hardwareAware, 'die', correction === null ? 'none' : 'a die', hardwareAware
    ? "a die's defects"
    : `none for a ${kind} training`);
  if (correction === null) return;
  checkLayer(correction.layer1, shape.inputs * shape.hidden, 1);
  checkLayer(correction.layer2, shape.hidden * shape.outputs, 2);
}

function checkShape({ inputs, hidden, outputs }: NetworkShape, dataset: Dataset): void {
  require(inputs === dataset.inputs, 'inputs of the network', inputs, `${dataset.inputs}, the pixels of an image`);
  require(isWhole(hidden, 1, 65_536), 'hidden units', hidden, 'a whole number from 1');
  require(isWhole(outputs, dataset.classes, 256), 'outputs', outputs, `${dataset.classes} classes to 256`);
}

function checkHyper(hyper: TrainingParameters, images: number): void {
  require(isWhole(hyper.epochs, 1, 1e6), 'epochs', hyper.epochs, 'a whole number from 1');
  require(isWhole(hyper.batchSize, 1, images), 'batch size', hyper.batchSize, `1 to ${images}, the training images`);
  requirePositive('learning rate', hyper.learningRate);
  require(hyper.adamBeta1 >= 0 && hyper.adamBeta1 < 1, 'Adam beta 1', hyper.adamBeta1, '0 up to but not 1');
  require(hyper.adamBeta2 >= 0 && hyper.adamBeta2 < 1, 'Adam beta 2', hyper.adamBeta2, '0 up to but not 1');
  requirePositive('Adam epsilon', hyper.adamEpsilon);
  requirePositive('latent clip', hyper.latentClip);
  const { latentRange, latentClip } = hyper;
  require(latentRange > 0 && latentRange <= latentClip, 'latent range', latentRange, `above 0, up to ${latentClip}`);
  requirePositive('gain of layer 1', hyper.gain1);
  requirePositive('gain of layer 2', hyper.gain2);
  requireOneOf('activation', hyper.activation, ['tanh', 'hard-tanh', 'relu']);
  requireOneOf('defect gradient', hyper.defectGradient, ['masked', 'pass']);
}

function checkStatistics(statistics: DefectStatistics, hasSampler: boolean): void {
  const { source } = statistics;
  require((source === 'population') === hasSampler, 'source of defect maps', source, hasSampler
    ? 'population, as a sampler is given'
    : 'uniform, or a sampler of the population');
  if (source !== 'uniform') return;
  const { defectRate, wSat } = statistics;
  require(defectRate >= 0 && defectRate <= 1, 'defect rate', defectRate, 'a probability, 0 to 1');
  require(wSat >= 0 && Number.isFinite(wSat), 'W_sat', wSat, 'a finite magnitude from 0');
}

function checkLayer({ index, plus, minus }: LayerCorrection, weights: number, layer: number): void {
  const name = `defects of layer ${layer}`;
  const lengths = `${index.length}, ${plus.length}, ${minus.length}`;
  require(index.length === plus.length && index.length === minus.length, name, lengths, 'lists of one length');
  const seen = new Set<number>();
  for (let i = 0; i < index.length; i++) {
    require(index[i] < weights, name, `weight ${index[i]}`, `below ${weights}`);
    require(!seen.has(index[i]), name, `weight ${index[i]} twice`, 'each weight once');
    seen.add(index[i]);
    const finite = Number.isFinite(plus[i]) && Number.isFinite(minus[i]);
    require(finite, name, `weight ${index[i]} worth ${plus[i]}, ${minus[i]}`, 'finite numbers');
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function requirePositive(thing: string, value: number): void {
  require(value > 0 && Number.isFinite(value), thing, value, 'a finite number above 0');
}

function requireOneOf(thing: string, value: string, allowed: readonly string[]): void {
  require(allowed.includes(value), thing, value, allowed.join(', '));
}

function require(holds: boolean, thing: string, value: string | number, expected: string): void {
  if (holds) return;
  throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
    thing,
    what: 'no training is possible with it',
    value: String(value),
    expected,
    remedy: 'Correct the parameter; nothing was started.',
  });
}
