import type { Command } from 'commander';
import type { DieModel } from '../analysis/die-model.ts';
import { ModelStore } from '../db/model-store.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { loadDataset } from '../training/dataset/load-dataset.ts';
import { dieModelAtVoltage } from '../training/emulation/conductance-at-voltage.ts';
import type { EmulationConditions, ImageSet } from '../training/emulation/emulation-conditions.ts';
import { Emulator } from '../training/emulation/emulator.ts';
import { emulateStored } from '../training/emulation/stored-emulations.ts';
import { boxStatistics } from '../training/figures/order-statistics.ts';
import { readMapping } from '../training/mapping/mapping-file.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { addDieModelOptions, type DieModelOptions, readDieModels, readOutOf } from './die-model-options.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { measuredLoops } from './measured-loops.ts';
import { StepProgress } from './step-progress.ts';
import { chosenSolutions, type SolutionChoice } from './stored-solutions.ts';

interface Options extends DieModelOptions, SolutionChoice {
  readonly store: string;
  readonly defects: string;
  readonly repeatability?: number;
  readonly noiseSeed: number;
  readonly readVolts?: number;
  readonly wafer?: string;
  readonly mapping?: string;
  readonly images: string;
  readonly workers?: number;
}

/** `tunnelbench emulate`: solutions of a store on die models, results stored beside them. */
export function addEmulateCommand(program: Command): void {
  const command = program
    .command('emulate')
    .description('evaluate stored solutions on die models; what the store knows already is not computed again')
    .requiredOption('--store <file>', 'model store with the solutions')
    .option('--kind <kind>', 'only solutions of this kind')
    .option('--campaign <id>', 'only solutions of this campaign')
    .option('--solution <id...>', 'only these solutions')
    .option('--first <n>', 'only the first n of them', Number)
    .option('--defects <as-measured|means>', "as measured, or replaced by the die's mean conductances", 'as-measured')
    .option('--repeatability <sigma>', 'relative noise of every conductance, drawn once an emulation', Number)
    .option('--noise-seed <n>', 'seed of that noise', Number, 1)
    .option('--read-volts <v>', 'take conductances at this voltage from the loops in --wafer', Number)
    .option('--wafer <wafer.sqlite>', 'the wafer file that the die models come from')
    .option('--mapping <file>', 'a mapping written by "tunnelbench place"; default: the standard layout')
    .option('--images <test|validation|train>', 'images to classify', 'test')
    .option('--workers <n>', 'threads; default: one per processor', Number);
  addDieModelOptions(command).action(emulate);
}

async function emulate(options: Options): Promise<void> {
  const conditions = conditionsOf(options);
  const models = await readDieModels(options);
  const dataset = loadDataset();
  const progress = new StepProgress(process.stderr);
  using interrupt = interruptSignal();
  const store = ModelStore.open(options.store);
  const reader = options.wafer === undefined ? null : WaferReader.open(options.wafer);
  try {
    const solutions = chosenSolutions(store, options);
    const { sha256, splitSeed } = dataset;
    const { readVolts } = conditions;
    await using emulator = new Emulator(dataset[conditions.images], options.workers);
    const errors = await emulateStored(store, emulator, {
      solutions,
      models,
      conditions,
      dataset: { sha256, splitSeed },
      signal: interrupt.signal,
      onProgress: (done, total) => progress.update('emulating', done, total),
      ...(readVolts !== null && reader !== null && { realise: atVoltage(reader, readVolts) }),
    });
    progress.clear();
    report(models, errors, emulator.images, options);
  } finally {
    reader?.close();
    store.close();
  }
}

function atVoltage(reader: WaferReader, volts: number): (model: DieModel) => DieModel {
  return (model) => {
    const { model: realised, keptCells } = dieModelAtVoltage(model, volts, measuredLoops(reader, model.die.ordinal));
    if (keptCells > 0)
      console.log(`die ${dieLabel(model.die)}: ${keptCells} cells without a value at ${volts} V keep the low-bias fit`);
    return realised;
  };
}

function conditionsOf(options: Options): EmulationConditions {
  const { defects, repeatability, noiseSeed, readVolts, wafer, mapping, images } = options;
  choose('--defects', defects, ['as-measured', 'means']);
  choose('--images', images, ['test', 'validation', 'train']);
  if ((readVolts === undefined) !== (wafer === undefined)) {
    throw new TunnelbenchError('TB_USAGE', {
      thing: '--read-volts',
      what: 'a read voltage and the wafer file with the loops belong together',
      remedy: 'Give both --read-volts and --wafer, or neither.',
    });
  }
  return {
    readOut: { ...readOutOf(options), defects: defects === 'means' ? 'dieMeans' : 'asMeasured' },
    readVolts: readVolts ?? null,
    mapping: mapping === undefined ? null : readMapping(mapping),
    repeatability: repeatability === undefined ? null : { relativeSigma: repeatability, seed: noiseSeed },
    images: images as ImageSet,
  };
}

function choose(thing: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new TunnelbenchError('TB_USAGE', {
    thing,
    what: 'there is no such choice',
    value,
    expected: allowed.join(', '),
    remedy: 'Choose one of them.',
  });
}

function report(
  models: readonly DieModel[],
  errors: readonly (readonly number[])[],
  images: number,
  options: Options,
): void {
  const { undetermined, unmeasured } = sumUnknown(models);
  if (undetermined + unmeasured > 0) {
    console.log(`${undetermined} undetermined and ${unmeasured} unmeasured cells counted as "${options.unknownCells}"`);
  }
  console.log(`die      bad cells  solutions   mean %  median %    5 %   95 %   (${images} images)`);
  models.forEach((model, i) => {
    const box = boxStatistics(errors[i].map((count) => (100 * count) / images));
    const cells = [model.classes.length - model.counts.healthy, box.count].map((value) => String(value).padStart(10));
    const percents = [box.mean, box.median, box.p5, box.p95].map((value) => value.toFixed(2).padStart(8));
    console.log(`${dieLabel(model.die).padEnd(8)} ${cells.join(' ')} ${percents.join(' ')}`);
  });
}

function sumUnknown(models: readonly DieModel[]) {
  return models.reduce(
    (sum, { counts }) => ({
      undetermined: sum.undetermined + counts.undetermined,
      unmeasured: sum.unmeasured + counts.unmeasured,
    }),
    { undetermined: 0, unmeasured: 0 },
  );
}
