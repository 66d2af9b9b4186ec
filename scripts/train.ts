import type { Command } from 'commander';
import type { DieModel } from '../analysis/die-model.ts';
import { ModelStore } from '../db/model-store.ts';
import { measuredDefects } from '../training/campaign/defect-rate.ts';
import { aroundDie, type DiesInTraining, onPopulation } from '../training/campaign/dies-in-training.ts';
import { trainStored } from '../training/campaign/stored-ensemble.ts';
import { type NetworkShape, PAPER_SHAPE } from '../training/network-shape.ts';
import type { Solution } from '../training/solution.ts';
import { type Ensemble, Trainer } from '../training/trainer/trainer.ts';
import type { DefectStatistics, TrainingParameters } from '../training/training-parameters.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { addDieModelOptions, type DieModelOptions, readDieModels, readOutOf } from './die-model-options.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { softwareVersion } from './software-version.ts';
import { StepProgress } from './step-progress.ts';
import { addInSituTraining } from './train-in-situ.ts';
import { addTrainOptions, readTrainOptions, type TrainOptions, trainingDataset } from './train-options.ts';

interface StatisticsOptions {
  readonly wSat?: number;
  readonly defectRate?: number;
  readonly population?: boolean;
  readonly rateScale: number;
}

/** What one ensemble trains with, and how it is announced. */
interface Training {
  readonly title: string;
  readonly dies: DiesInTraining | null;
  readonly statistics: DefectStatistics | null;
  /** Copied to the store before the solutions that refer to them. */
  readonly models: readonly DieModel[];
}

/** `tunnelbench train`: ensembles of networks, for perfect arrays, one die, or a population of dies. */
export function addTrainCommand(program: Command): void {
  const train = program
    .command('train')
    .description('train ensembles of binary networks; solutions go to the model store');

  addTrainOptions(train.command('defect-free').description('for a perfect array: the software baseline')).action(
    (options: TrainOptions) =>
      runTrainings(options, () => [{ title: 'defect-free', dies: null, statistics: null, models: [] }]),
  );

  addDieModelOptions(
    addTrainOptions(train.command('hardware-aware').description('around the defects of each die given')),
  ).action(async (options: TrainOptions & DieModelOptions) => {
    const models = await readDieModels(options);
    await runTrainings(options, (shape) => models.map((model) => hardwareAware(model, shape, options)));
  });

  addDieModelOptions(
    addTrainOptions(train.command('statistics-aware').description('a fresh random defect map for every image')),
  )
    .option('--w-sat <w>', 'magnitude of a defective weight; default: as the dies given have it', Number)
    .option('--defect-rate <p>', 'probability of a defective weight; default: as the dies given have it', Number)
    .option('--population', 'draw maps from the population of the dies given, instead of uniformly')
    .option('--rate-scale <f>', 'with --population: multiplies the number of defects', Number, 1)
    .action(async (options: TrainOptions & DieModelOptions & StatisticsOptions) => {
      const hasDies = options.models !== undefined || options.fleet !== undefined;
      const models = hasDies || options.population === true ? await readDieModels(options) : [];
      await runTrainings(options, (shape) => [statisticsAware(models, shape, options)]);
    });

  addInSituTraining(train, 'in-situ');
}

function hardwareAware(model: DieModel, shape: NetworkShape, options: DieModelOptions): Training {
  const dies = aroundDie(model, shape, readOutOf(options));
  const { layer1, layer2 } = dies.ensemble.correction ?? { layer1: { index: [] }, layer2: { index: [] } };
  const defects = `${layer1.index.length} + ${layer2.index.length} defective weights`;
  return { title: `hardware-aware, die ${dieLabel(model.die)}, ${defects}`, dies, statistics: null, models: [model] };
}

function statisticsAware(
  models: readonly DieModel[],
  shape: NetworkShape,
  options: DieModelOptions & StatisticsOptions,
): Training {
  if (options.population === true) {
    const dies = onPopulation(models, shape, readOutOf(options), options.rateScale);
    return {
      title: `statistics-aware, population of ${models.length} dies`,
      dies,
      statistics: dies.statistics,
      models,
    };
  }
  const measured = models.length === 0 ? null : measuredDefects(models, shape, readOutOf(options));
  const defectRate = options.defectRate ?? measured?.weightRate;
  const wSat = options.wSat ?? measured?.saturatedWeight;
  if (defectRate === undefined || wSat === undefined) throw statisticsMissing();
  const perJunction = 1 - Math.sqrt(1 - defectRate);
  const title =
    `statistics-aware, uniform: W_sat ${wSat.toPrecision(3)}, rate ${defectRate.toPrecision(3)} per weight, ` +
    `${perJunction.toPrecision(3)} per junction`;
  return { title, dies: null, statistics: { source: 'uniform', defectRate, wSat }, models: [] };
}

function statisticsMissing(): TunnelbenchError {
  return new TunnelbenchError('TB_USAGE', {
    thing: 'statistics-aware training',
    what: 'nothing says how often weights are defective and what they are then worth',
    expected: 'both --w-sat and --defect-rate, or dies to take them from',
    remedy: 'Add the options, or --models <folder>.',
  });
}

/** Trains one ensemble after the other, on one set of threads. */
async function runTrainings(
  options: TrainOptions,
  trainingsFor: (shape: NetworkShape) => readonly Training[],
): Promise<void> {
  const dataset = trainingDataset(options);
  const { shape, parameters } = readTrainOptions(options, dataset);
  const workers = options.workers === undefined ? {} : { workers: options.workers };
  const trainings = trainingsFor(shape).map((training) => ({
    ...training,
    ensemble: ensembleOf(training, shape, parameters, options),
  }));
  await using trainer = new Trainer(dataset, { fast: options.fast ?? false, ...workers });
  // All of them before the first is trained, and before there is a store.
  for (const { ensemble } of trainings) trainer.check({ ...ensemble, members: [0] });

  using interrupt = interruptSignal();
  const progress = new StepProgress(process.stderr);
  const store = ModelStore.open(options.store);
  console.log(`${dataset.name}: ${dataset.train.images.count} images; kernels ${trainer.kernelBuild.slice(0, 16)}`);
  try {
    for (const { title, dies, models, ensemble } of trainings) {
      for (const model of models) store.putDieModel(model);
      const solutions = await trainStored(store, trainer, {
        ensemble,
        count: options.solutions,
        source: dies?.source ?? null,
        signal: interrupt.signal,
        onProgress: ({ epochsDone, epochsTotal }) => progress.update(`${title}: epoch`, epochsDone, epochsTotal),
      });
      progress.clear();
      report(title, solutions);
    }
  } finally {
    progress.clear();
    store.close();
  }
}

function ensembleOf(
  { dies, statistics }: Training,
  shape: NetworkShape,
  parameters: TrainingParameters,
  { seed }: TrainOptions,
): Omit<Ensemble, 'members'> {
  const { dieModelId = null, populationDieModelIds = [] } = dies ?? {};
  return {
    kind: statistics === null ? 'defect-free' : 'statistics-aware',
    ...dies?.ensemble,
    // The paper's shape goes without saying, so that these are the solutions that "reproduce" finds as well.
    ...(!isPaperShape(shape) && { shape }),
    parameters: { ...parameters, statistics },
    seed,
    provenance: { softwareVersion: softwareVersion(), dieModelId, populationDieModelIds, mappingSha256: null },
  };
}

function isPaperShape(shape: NetworkShape): boolean {
  return (
    shape.inputs === PAPER_SHAPE.inputs && shape.hidden === PAPER_SHAPE.hidden && shape.outputs === PAPER_SHAPE.outputs
  );
}

function report(title: string, solutions: readonly Solution[]): void {
  const errors = solutions.map(({ validationErrors, validationImages }) => (100 * validationErrors) / validationImages);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const range = `${Math.min(...errors).toFixed(2)} to ${Math.max(...errors).toFixed(2)} %`;
  console.log(`${title}: ${solutions.length} solutions, validation error mean ${mean.toFixed(2)} %, ${range}`);
  for (const [member, { id, provenance }] of solutions.entries()) {
    console.log(`  ${member} ${id} ${errors[member].toFixed(2)} % ${provenance.trainingSeconds.toFixed(1)} s`);
  }
}
