import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ModelStore } from '../db/model-store.ts';
import { Campaign } from '../training/campaign/campaign.ts';
import { loadDataset } from '../training/dataset/load-dataset.ts';
import { Emulator } from '../training/emulation/emulator.ts';
import { type FleetTableOptions, fleetTable } from '../training/figures/fleet-table.ts';
import { fleetTableCsv, fleetTableMarkdown } from '../training/figures/fleet-table-text.ts';
import { DEFAULT_OUTLIER_FACTOR } from '../training/figures/outlier-dies.ts';
import { Placer } from '../training/placement/placer.ts';
import { Trainer } from '../training/trainer/trainer.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { addDieModelOptions, type DieModelOptions, readDieModels, readOutOf } from './die-model-options.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { softwareVersion } from './software-version.ts';
import { StepProgress } from './step-progress.ts';

interface Options extends DieModelOptions {
  readonly solutions: number;
  readonly epochs: number;
  readonly hardwareAware: number;
  readonly hardwareAwareEpochs: number;
  readonly wSat: readonly string[];
  readonly rateFactor: readonly string[];
  readonly populationFolds: number;
  readonly placement: boolean;
  readonly trials: number;
  readonly images: string;
  readonly seed: number;
  readonly out: string;
  readonly store?: string;
  readonly workers?: number;
  readonly fast?: boolean;
}

/** `tunnelbench fleet-table`: every method on one set of dies, side by side. */
export function addFleetTableCommand(program: Command): void {
  const command = program
    .command('fleet-table')
    .description('compare trainings and placement on a set of dies: mean, median, 90th percentile, worst, intervals')
    .option('--solutions <n>', 'solutions of each method', Number, 5)
    .option('--epochs <n>', 'epochs of each training', Number, 10)
    .option('--hardware-aware <n>', 'solutions trained around each die; 0 leaves these rows out', Number, 2)
    .option('--hardware-aware-epochs <n>', 'epochs of these', Number, 8)
    .option('--w-sat <w...>', 'saturated weights of statistics-aware training', ['0', '5', '10', '20'])
    .option('--rate-factor <f...>', 'multiples of the measured defect rate to train with', ['1'])
    .option('--population-folds <n>', 'parts for the population rows; 0 leaves them out', Number, 4)
    .option('--no-placement', 'leave the placement rows out')
    .option('--trials <n>', 'trials on validation images after each assignment', Number, 0)
    .option('--images <test|validation>', 'validation for choices, test for reports', 'validation')
    .option('--seed <n>', 'seed of the ensembles', Number, 1)
    .option('--out <folder>', 'where to write table.md, table.csv and table.json', 'fleet-table')
    .option('--store <file>', 'model store; default models.sqlite in the output folder')
    .option('--workers <n>', 'threads; default: one per processor', Number)
    .option('--fast', 'relaxed kernels');
  addDieModelOptions(command).action(compare);
}

async function compare(options: Options): Promise<void> {
  const images = imageSet(options.images);
  const models = await readDieModels(options);
  const dataset = loadDataset();
  const progress = new StepProgress(process.stderr);
  mkdirSync(options.out, { recursive: true });
  using interrupt = interruptSignal();
  const workers = options.workers === undefined ? {} : { workers: options.workers };
  await using trainer = new Trainer(dataset, { fast: options.fast ?? false, ...workers });
  await using emulator = new Emulator(dataset[images], options.workers);
  await using placer = new Placer(dataset, options.workers);
  const store = ModelStore.open(options.store ?? join(options.out, 'models.sqlite'));
  try {
    const campaign = new Campaign({
      store,
      trainer,
      emulator,
      images,
      softwareVersion: softwareVersion(),
      readOut: readOutOf(options),
      signal: interrupt.signal,
      onProgress: (step, done, total) => progress.update(step, done, total),
    });
    const table = await fleetTable(models, campaign, tableOptions(options, placer));
    progress.clear();
    const title = `${models[0].provenance.wafer}: error on ${images} images, %`;
    const markdown = fleetTableMarkdown(title, table);
    console.log(markdown);
    writeFileSync(join(options.out, 'table.md'), markdown);
    writeFileSync(join(options.out, 'table.csv'), fleetTableCsv(table));
    writeFileSync(join(options.out, 'table.json'), `${JSON.stringify({ options, table }, null, 1)}\n`);
  } finally {
    store.close();
  }
}

function tableOptions(options: Options, placer: Placer): FleetTableOptions {
  const { solutions, epochs, seed, hardwareAware, hardwareAwareEpochs } = options;
  return {
    size: { count: solutions, epochs, seed },
    hardwareAware: hardwareAware > 0 ? { count: hardwareAware, epochs: hardwareAwareEpochs, seed } : null,
    wSats: options.wSat.map(Number),
    rateFactors: options.rateFactor.map(Number),
    populationFolds: options.populationFolds,
    placement: options.placement ? { placer, trials: options.trials } : null,
    outlierFactor: DEFAULT_OUTLIER_FACTOR,
  };
}

function imageSet(name: string): 'test' | 'validation' {
  if (name === 'test' || name === 'validation') return name;
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--images',
    what: 'there is no such set',
    value: name,
    expected: 'validation or test',
    remedy: 'Choose one of them.',
  });
}
