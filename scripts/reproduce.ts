import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { DieModel } from '../analysis/die-model.ts';
import { ModelStore } from '../db/model-store.ts';
import { Campaign } from '../training/campaign/campaign.ts';
import { loadDataset } from '../training/dataset/load-dataset.ts';
import { Emulator } from '../training/emulation/emulator.ts';
import type { Figure2 } from '../training/figures/figure-2.ts';
import type { Figure3b } from '../training/figures/figure-3b.ts';
import { DEFAULT_OUTLIER_FACTOR, outlierRule } from '../training/figures/outlier-dies.ts';
import { type FigureName, type Reproduction, reproduceFigure, SCALES } from '../training/figures/reproduction.ts';
import { writeReproduction } from '../training/figures/write-reproduction.ts';
import { Trainer } from '../training/trainer/trainer.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { addDieModelOptions, type DieModelOptions, readDieModels, readOutOf } from './die-model-options.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { softwareVersion } from './software-version.ts';
import { StepProgress } from './step-progress.ts';

const FIGURES: readonly FigureName[] = ['2c', '2d', '2e', '3b'];

interface Options extends DieModelOptions {
  readonly figure: readonly string[];
  readonly scale: string;
  readonly out: string;
  readonly store?: string;
  readonly seed: number;
  readonly outlierFactor: number;
  readonly defectRate?: number;
  readonly workers?: number;
  readonly fast?: boolean;
}

/** `tunnelbench reproduce borders2024`: the paper's figures from measured or generated dies. */
export function addReproduceCommand(program: Command): void {
  const command = program
    .command('reproduce')
    .description('compute figures 2c, 2d, 2e and 3b of Borders et al. (PR Applied 21, 054028) for your dies')
    .argument('<paper>', 'borders2024')
    .option('--figure <name...>', `figures to compute: ${FIGURES.join(', ')}`, [...FIGURES])
    .option('--scale <quick|paper>', 'quick: minutes on two cores; paper: 100 solutions a die', 'quick')
    .option('--out <folder>', 'where to write the figures', 'figures')
    .option('--store <file>', 'model store; default models.sqlite in the output folder')
    .option('--seed <n>', 'seed of the ensembles', Number, 1)
    .option(
      '--outlier-factor <n>',
      'deviations from the median that make an outlier die',
      Number,
      DEFAULT_OUTLIER_FACTOR,
    )
    .option('--defect-rate <p>', 'probability of a defective weight in 3b; default: as the dies have it', Number)
    .option('--workers <n>', 'threads; default: one per processor', Number)
    .option('--fast', 'relaxed kernels: faster, not bit-identical on every machine');
  addDieModelOptions(command).action(async (paper: string, options: Options) => {
    checkChoices(paper, options);
    await reproduce(options);
  });
}

async function reproduce(options: Options): Promise<void> {
  const models = await readDieModels(options);
  const rule = outlierRule(models, options.outlierFactor);
  console.log(`${models.length} dies; ${rule.text}`);
  const dataset = loadDataset();
  const progress = new StepProgress(process.stderr);
  using interrupt = interruptSignal();
  await using trainer = new Trainer(dataset, workersOf(options));
  await using emulator = new Emulator(dataset.test, options.workers);
  const store = ModelStore.open(options.store ?? storeIn(options.out));
  try {
    const campaign = new Campaign({
      store,
      trainer,
      emulator,
      images: 'test',
      softwareVersion: softwareVersion(),
      readOut: readOutOf(options),
      signal: interrupt.signal,
      onProgress: (step, done, total) => progress.update(step, done, total),
    });
    for (const name of options.figure as FigureName[]) {
      const result = await reproduceFigure(name, models, campaign, reproductionOptions(options));
      progress.clear();
      report(
        result,
        writeReproduction(
          options.out,
          result,
          subtitle(models, options, result),
          provenance(models, options, campaign),
        ),
      );
    }
  } finally {
    store.close();
  }
}

function reproductionOptions({ scale, seed, outlierFactor, defectRate }: Options) {
  return { scale: SCALES[scale as keyof typeof SCALES], seed, outlierFactor, defectRate: defectRate ?? null };
}

function workersOf({ workers, fast }: Options) {
  return { fast: fast ?? false, ...(workers !== undefined && { workers }) };
}

function subtitle(models: readonly DieModel[], options: Options, { figure, baselineErrors }: Reproduction): string {
  const scale = SCALES[options.scale as keyof typeof SCALES];
  const source = `${models[0].provenance.wafer}, ${models.length} dies, R_T ${options.seriesOhms} Ω`;
  const solutions = figure.figure === '2e' ? scale.hardwareAwareSolutions : baselineErrors.length;
  const size = `${solutions} solutions${figure.figure === '2e' ? ' a die' : ''}, scale “${options.scale}”, seed ${options.seed}`;
  const sweep =
    figure.figure === '3b'
      ? `\ndefective weights in training: ${(100 * (figure as Figure3b).defectRate).toFixed(3)} %; the best of a sweep is optimistic; bars: Δ ± 1 σ of the dies, 1/α ± its standard error`
      : '\nbox 25–75 %, whiskers 5–95 %, line median, diamond mean';
  return `${source}; ${size}${sweep}\n${figure.outlierRule.text}`;
}

function provenance(models: readonly DieModel[], options: Options, { tools }: Campaign): object {
  const { name, sha256, splitSeed } = tools.trainer.dataset;
  return {
    softwareVersion: tools.softwareVersion,
    kernelBuild: tools.trainer.kernelBuild,
    dataset: { name, sha256, splitSeed },
    readOut: tools.readOut,
    scale: SCALES[options.scale as keyof typeof SCALES],
    seed: options.seed,
    dieModelIds: models.map(({ id }) => id),
    dies: models[0].provenance,
  };
}

function report({ figure }: Reproduction, files: readonly string[]): void {
  console.log(`\nfigure ${figure.figure}: ${figure.title}`);
  if (figure.figure === '3b') reportSweep(figure as Figure3b);
  else reportBoxes(figure as Figure2);
  for (const file of files) console.log(`  ${file}`);
}

function reportBoxes({ baseline, summary }: Figure2): void {
  console.log(`  software baseline ${percent(baseline.mean)}`);
  for (const [name, { dies, mean, median, p90, worst }] of Object.entries({
    'all dies': summary.all,
    'without outliers': summary.withoutOutliers,
  })) {
    console.log(
      `  ${name} (${dies}): mean ${percent(mean)}, median ${percent(median)}, 90th ${percent(p90)}, worst ${percent(worst)}`,
    );
  }
}

function reportSweep({ points, baseline, bestOfSweep, defectRate }: Figure3b): void {
  console.log(`  software baseline ${percent(baseline)}, defective weights in training ${percent(100 * defectRate)}`);
  for (const { wSat, software, all, mean, sigma, delta, inverseAlpha } of points) {
    console.log(
      `  W_sat ${String(wSat).padStart(2)}: software ${percent(software)}, all dies mean ${percent(all.mean)} median ${percent(all.median)}, ` +
        `without outliers ${percent(mean)} ± ${sigma.toFixed(2)}, Δ ${delta.toFixed(2)}, 1/α ${inverseAlpha.toFixed(2)}`,
    );
  }
  console.log(`  best of sweep: W_sat ${bestOfSweep} (optimistic: picked on what it reports)`);
}

function percent(value: number): string {
  return `${value.toFixed(2)} %`;
}

function storeIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return join(folder, 'models.sqlite');
}

function checkChoices(paper: string, { figure, scale }: Options): void {
  const choices: [string, readonly string[], readonly string[]][] = [
    ['paper', [paper], ['borders2024']],
    ['--figure', figure, FIGURES],
    ['--scale', [scale], Object.keys(SCALES)],
  ];
  for (const [thing, given, allowed] of choices) {
    const wrong = given.find((each) => !allowed.includes(each));
    if (wrong === undefined) continue;
    throw new TunnelbenchError('TB_USAGE', {
      thing,
      what: 'there is no such choice',
      value: wrong,
      expected: allowed.join(', '),
      remedy: 'Choose one of them.',
    });
  }
}
