import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type AmplitudePolicy, DEFAULT_PULSES } from '../training/in-situ/amplitude.ts';
import { mnistParameters, outerParameters, type UpdateScheme } from '../training/in-situ/in-situ-parameters.ts';
import { DEFAULT_JUNCTIONS, type JunctionPopulation } from '../training/in-situ/junctions.ts';
import type { InSituOutcome, InSituTask } from '../training/in-situ/run-task.ts';
import { STUDY_NAMES, STUDY_SCALES, type StudyName, studyTasks } from '../training/in-situ/studies.ts';
import { type BenchTrainingOptions, PROBLEM_NAMES } from './bench-training-options.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { positiveNumber, wholeNumber } from './number-option.ts';
import { softwareVersion } from './software-version.ts';
import { StepProgress } from './step-progress.ts';

interface CommonOptions {
  readonly out: string;
  readonly workers?: number;
}

interface TrainOptions extends CommonOptions {
  readonly pairs: number;
  readonly epochs?: number;
  readonly update: UpdateScheme;
  readonly amplitude: AmplitudePolicy;
  readonly vc0Sigma: number;
  readonly resistanceSigma: number;
  readonly passive?: boolean;
  readonly pitchOhms: number;
  readonly judge: 'validation' | 'test';
  readonly seed: number;
}

interface StudyOptions extends CommonOptions {
  readonly study: readonly StudyName[];
  readonly scale: keyof typeof STUDY_SCALES;
}

/** `tunnelbench in-situ`: networks that learn by stochastic switching, and the figures about them. */
export function addInSituCommand(program: Command): void {
  const command = program
    .command('in-situ')
    .description('train networks in the junctions themselves by stochastic switching (simulated arrays)');
  addInSituTraining(command, 'train');
  addStudy(command);
}

/** One training, in simulated arrays or, with --bench, in a measured die: `train in-situ` and `in-situ train`. */
export function addInSituTraining(command: Command, name: string): void {
  const train = command
    .command(name)
    .description(
      'one training in the junctions, in simulated arrays (MNIST, 100-90-10) or with --bench in a measured die, over the wire',
    )
    .option('--pairs <n>', 'junction pairs per weight', wholeNumber('--pairs', 1, 99), 1)
    .option('--epochs <n>', 'default 40', Number)
    .addOption(
      new Option('--update <scheme>', 'how pulses reach the cells').choices(['columns', 'outer']).default('columns'),
    )
    .addOption(
      new Option('--amplitude <policy>', 'how a switching probability is set')
        .choices(['shared', 'calibrated', 'gated'])
        .default('shared'),
    )
    .option('--vc0-sigma <share>', 'spread of V_c0, relative', Number, DEFAULT_JUNCTIONS.vC0Sigma)
    .option('--resistance-sigma <share>', 'spread of ln R', Number, DEFAULT_JUNCTIONS.resistanceSigma)
    .option('--passive', 'no access transistors: half-select writing')
    .option('--pitch-ohms <ohms>', 'line resistance per cell of a passive array', Number, 0.05)
    .addOption(
      new Option('--judge <images>', 'what accuracy is taken on; test images are for reporting only')
        .choices(['validation', 'test'])
        .default('validation'),
    )
    .option('--seed <n>', 'seed of devices and training', Number, 1);
  addBenchOptions(addCommon(train)).action(async (options: TrainOptions & Partial<BenchTrainingOptions>) => {
    if (options.bench !== undefined) {
      // Loaded where it is used: "train" has more common uses, which need no drivers.
      const { trainOnBench } = await import('./train-on-bench.ts');
      await trainOnBench({ ...options, bench: options.bench } as BenchTrainingOptions);
      return;
    }
    const task = taskOf(options);
    const junctions = options.measured === undefined ? task.junctions : await measuredJunctions(options);
    const [{ outcome }] = await inCampaign(options, 'training', [{ ...task, junctions }]);
    reportTraining(outcome);
  });
}

/** The population of a measured die: medians and spreads of its fitted law, its mean resistances. */
async function measuredJunctions(options: TrainOptions & Partial<BenchTrainingOptions>): Promise<JunctionPopulation> {
  const { measured = '', die, exponent, resistanceSigma } = options;
  const { measuredDie } = await import('./die-on-bench.ts');
  const { fitMeasuredDie, switchingText } = await import('./switching-of-die.ts');
  const model = await measuredDie({ measured, ...(die !== undefined && { die }) });
  const fitted = fitMeasuredDie(measured, model.die.ordinal, exponent === '2' ? 2 : 1);
  console.log(switchingText(fitted));
  return {
    ...DEFAULT_JUNCTIONS,
    resistanceSigma,
    rP: model.means.rP,
    rAp: model.means.rAp,
    delta: fitted.delta.median.value,
    deltaSigma: fitted.delta.sigma.value,
    vC0: fitted.vC0.median.value,
    vC0Sigma: fitted.vC0.sigma.value,
    exponent: fitted.exponent,
  };
}

/** What concerns a measured die and the bench that it lies on. */
function addBenchOptions(command: Command): Command {
  const group = 'In a measured die:';
  const option = (flags: string, text: string) => new Option(flags, text).helpGroup(group);
  return command
    .addOption(option('--bench <bench.yaml>', 'bench file: train over the wire, one cell after the other'))
    .addOption(
      option(
        '--measured <wafer.sqlite>',
        'wafer file of the die; its loops give the switching law, also without --bench',
      ),
    )
    .addOption(option('--die <x,y>', 'the die, where the file has several'))
    .addOption(option('--exponent <b>', 'exponent of the barrier').choices(['1', '2']).default('1'))
    .addOption(option('--recipe <file>', 'recipe (YAML) with a part "programming"; default: the default recipe'))
    .addOption(option('--problem <name>', 'what is learnt').choices(PROBLEM_NAMES).default('iris'))
    .addOption(
      option('--fold <0-4>', 'fifth of a table that is held back')
        .default(0)
        .argParser(wholeNumber('--fold', 0, 4)),
    )
    .addOption(
      option('--hidden <n>', 'hidden units; default: 16, of mnist 90').argParser(wholeNumber('--hidden', 1, 1000)),
    )
    .addOption(option('--journal <file>', 'what was done, on the disk update by update; default: in-situ-bench.jsonl'))
    .addOption(option('--report <file>', 'outcome with its provenance; default: in-situ-bench.json'))
    .addOption(option('--deadline <hours>', 'refuse what would take longer').argParser(positiveNumber('--deadline')))
    .addOption(option('--dry-run', 'print hours, pulses and driver channels; open nothing'));
}

function addStudy(command: Command): void {
  const study = command
    .command('study')
    .description('the figures of docs/in-situ.md: CSV, SVG and PNG; goes on where it was interrupted')
    .addOption(new Option('--study <name...>', 'which').choices(STUDY_NAMES).default([...STUDY_NAMES]))
    .addOption(
      new Option('--scale <scale>', 'quick: minutes; paper: hours on two cores')
        .choices(Object.keys(STUDY_SCALES))
        .default('quick'),
    );
  addCommon(study).action(async (options: StudyOptions) => {
    const { writeStudy } = await import('../training/in-situ/figures/write-study.ts');
    for (const name of options.study) {
      const outcomes = await inCampaign(options, name, studyTasks(name, STUDY_SCALES[options.scale]));
      const subtitle = `scale “${options.scale}”, ${outcomes.length} trainings, bars: 95 % of the mean; tunnelbench ${softwareVersion()}`;
      const { points, files } = writeStudy(options.out, name, outcomes, subtitle);
      console.log(`\n${name}`);
      for (const { series, x, mean, low, high, count } of points) {
        console.log(`  ${series}, ${x}: ${mean.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}, ${count})`);
      }
      for (const file of files) console.log(`  ${file}`);
    }
  });
}

function addCommon(command: Command): Command {
  return command
    .option('--out <folder>', 'outcomes and figures', 'in-situ')
    .option('--workers <n>', 'threads; default: one per processor', Number);
}

async function inCampaign({ out, workers }: CommonOptions, step: string, tasks: readonly InSituTask[]) {
  const progress = new StepProgress(process.stderr);
  using interrupt = interruptSignal();
  const { InSituCampaign } = await import('../training/in-situ/in-situ-campaign.ts');
  await using campaign = new InSituCampaign(join(out, 'outcomes.jsonl'), workers, (done, total) =>
    progress.update(step, done, total),
  );
  const interrupted = new Promise<never>((_, reject) => {
    interrupt.signal.addEventListener('abort', () => reject(interrupt.signal.reason), { once: true });
  });
  const outcomes = await Promise.race([campaign.run(tasks), interrupted]);
  progress.clear();
  return outcomes;
}

function taskOf(options: TrainOptions): InSituTask {
  const { pairs, epochs, update, amplitude, vc0Sigma, resistanceSigma, passive, pitchOhms, judge, seed } = options;
  const parameters = update === 'outer' ? outerParameters(pairs, epochs) : mnistParameters(pairs, epochs);
  return {
    problem: { kind: 'mnist', block: 2, judge },
    hidden: [90],
    method: 'in-situ',
    pairsPerWeight: pairs,
    parameters,
    junctions: { ...DEFAULT_JUNCTIONS, vC0Sigma: vc0Sigma, resistanceSigma },
    pulses: { ...DEFAULT_PULSES, policy: amplitude },
    passive: passive ? { pitchOhms, contactOhms: 2, solvedReads: false } : null,
    seed,
    judgeEvery: 1,
  };
}

function reportTraining({ accuracy, curve, junctions, mostPulses }: InSituOutcome): void {
  for (const point of curve) {
    console.log(
      `epoch ${String(point.epoch).padStart(3)}: ${(100 * point.accuracy).toFixed(2)} %, ${point.steps} steps, ` +
        `${point.pulses} pulses, ${(1e3 * point.joules).toFixed(2)} mJ, ${point.flips} flips, ${point.disturbed} disturbed`,
    );
  }
  console.log(`accuracy ${(100 * accuracy).toFixed(2)} %; ${junctions} junctions, at most ${mostPulses} pulses on one`);
  console.log('randomness: see --amplitude; no accumulators outside the junctions');
}
