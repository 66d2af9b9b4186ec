import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type AmplitudePolicy, DEFAULT_PULSES } from '../training/in-situ/amplitude.ts';
import { writeStudy } from '../training/in-situ/figures/write-study.ts';
import { InSituCampaign } from '../training/in-situ/in-situ-campaign.ts';
import { mnistParameters, outerParameters, type UpdateScheme } from '../training/in-situ/in-situ-parameters.ts';
import { DEFAULT_JUNCTIONS } from '../training/in-situ/junctions.ts';
import type { InSituOutcome, InSituTask } from '../training/in-situ/run-task.ts';
import { STUDY_NAMES, STUDY_SCALES, type StudyName, studyTasks } from '../training/in-situ/studies.ts';
import { interruptSignal } from './interrupt-signal.ts';
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
  addTrain(command);
  addStudy(command);
}

function addTrain(command: Command): void {
  const train = command
    .command('train')
    .description('one training on MNIST, 100-90-10; prints accuracy, pulses and energy as it goes')
    .option('--pairs <n>', 'junction pairs per weight', Number, 1)
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
  addCommon(train).action(async (options: TrainOptions) => {
    const [{ outcome }] = await inCampaign(options, 'training', [taskOf(options)]);
    reportTraining(outcome);
  });
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
