import { writeFile } from 'node:fs/promises';
import type { FrozenPlan } from '../acquisition/plan.ts';
import { PULSE_SECONDS } from '../acquisition/programming/die-cells.ts';
import type { PoweredDieOutcome } from '../acquisition/programming/powered-die.ts';
import { programmingOf } from '../acquisition/programming/programming-recipe.ts';
import { PulseJournal } from '../acquisition/programming/pulse-journal.ts';
import { type TrainedDie, trainDie } from '../acquisition/programming/train-die.ts';
import type { DieModel } from '../analysis/die-model.ts';
import type { DieSwitching } from '../analysis/die-switching.ts';
import { type BenchFile, readBenchFile } from '../drivers/bench-file.ts';
import type { TableName } from '../training/dataset/load-table.ts';
import { placeLayers } from '../training/in-situ/cell-placement.ts';
import { CellAmplitudes } from '../training/in-situ/cell-switching.ts';
import { type InSituParameters, mnistParameters, tableParameters } from '../training/in-situ/in-situ-parameters.ts';
import { type Problem, problemSamples, shapeOf } from '../training/in-situ/run-task.ts';
import {
  type CellTask,
  type CellTrainingOutcome,
  type TrainingSoFar,
  trainOnCells,
} from '../training/in-situ/train-on-cells.ts';
import { forecastTraining, type TrainingForecast } from '../training/in-situ/training-forecast.ts';
import { CELL_CLASSES } from '../wafer/cell-class.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { comparisonText, forecastText, refuseBeyond } from './bench-training-forecast.ts';
import type { BenchTrainingOptions } from './bench-training-options.ts';
import { dieLife } from './die-life.ts';
import { knownCellsOf, measuredDie, planForDie } from './die-on-bench.ts';
import { onOpenBench } from './on-open-bench.ts';
import { softwareVersion } from './software-version.ts';
import { fitMeasuredDie, switchingOfDie, switchingText } from './switching-of-die.ts';

/** Simulated runs behind a forecast; one on the images, which take a minute each. */
const FORECAST_RUNS = 3;

/** `tunnelbench train in-situ --bench`: trains a network in the junctions of a measured die, over the wire. */
export async function trainOnBench(options: BenchTrainingOptions): Promise<void> {
  const benchFile = await readBenchFile(options.bench);
  const { measured } = options;
  if (measured === undefined) throw missing('--measured', 'the wafer file that the die was measured into');
  const model = await measuredDie({ measured, ...(options.die !== undefined && { die: options.die }) });
  const frozen = await planForDie(benchFile, model, options.recipe);
  const fitted = fitMeasuredDie(measured, model.die.ordinal, options.exponent === '2' ? 2 : 1);
  console.log(switchingText(fitted));
  const { task, forecast } = await preparedTraining(options, frozen, model, fitted);
  console.log(forecastText(options, task, forecast, frozen));
  console.log(comparisonText(task, forecast, frozen));
  refuseBeyond(options, forecast, frozen);
  if (options.dryRun) return;
  await runTraining(options, benchFile, frozen, model, task, fitted);
}

/** The task on the sound cells of the die, and what simulated runs of it say. */
export async function preparedTraining(
  options: Pick<
    BenchTrainingOptions,
    'problem' | 'fold' | 'hidden' | 'pairs' | 'epochs' | 'amplitude' | 'judge' | 'seed'
  >,
  { plan }: FrozenPlan,
  model: DieModel,
  fitted: DieSwitching,
): Promise<{ task: CellTask; forecast: TrainingForecast }> {
  const problem = problemOf(options);
  const hidden = [options.hidden ?? (problem.kind === 'mnist' ? 90 : 16)];
  const { train } = problemSamples(problem);
  const layers = placeLayers(
    shapeOf({ problem, hidden }, train),
    options.pairs,
    model.geometry,
    (cell) => CELL_CLASSES[model.classes[cell]] === 'healthy' && fitted.junctions.has(cell),
  );
  const programming = programmingOf(plan);
  const limits = { ceilingVolts: plan.recipe.limits.junctionVolts, gateVolts: Math.max(...programming.amplitudes) };
  const switching = switchingOfDie(fitted);
  const task: CellTask = {
    problem,
    hidden,
    pairsPerWeight: options.pairs,
    parameters: parametersOf(problem, options, train.count),
    seed: options.seed,
    layers,
    states: { siemensP: model.rP.map(inverse), siemensAp: model.rAp.map(inverse) },
    unitSiemens: 1 / model.means.rP - 1 / model.means.rAp,
    amplitudes: new CellAmplitudes(switching, options.amplitude, limits, PULSE_SECONDS),
  };
  const seeds = Array.from({ length: problem.kind === 'mnist' ? 1 : FORECAST_RUNS }, (_, i) => options.seed + i);
  return { task, forecast: await forecastTraining(task, switching, PULSE_SECONDS, seeds) };
}

const inverse = (ohms: number): number => (ohms > 0 ? 1 / ohms : 0);

function problemOf({ problem, fold, judge }: Pick<BenchTrainingOptions, 'problem' | 'fold' | 'judge'>): Problem {
  if (problem === 'mnist') return { kind: 'mnist', block: 2, judge };
  return { kind: 'table', name: problem satisfies TableName, repetition: 0, fold, judge };
}

function parametersOf(
  problem: Problem,
  { pairs, epochs }: Pick<BenchTrainingOptions, 'pairs' | 'epochs'>,
  samples: number,
): InSituParameters {
  if (problem.kind === 'mnist') return mnistParameters(pairs, epochs);
  return { ...tableParameters(samples), ...(epochs !== undefined && { epochs }) };
}

async function runTraining(
  options: BenchTrainingOptions,
  benchFile: BenchFile,
  { plan }: FrozenPlan,
  model: DieModel,
  task: CellTask,
  fitted: DieSwitching,
): Promise<void> {
  const subject = subjectOf(options, task, model, plan.bench.wafer.id);
  const journal = await PulseJournal.open(options.journal ?? 'in-situ-bench.jsonl', 'in-situ', subject);
  try {
    if (journal.earlier.length > 0) console.log(`going on in ${journal.file}`);
    const known = knownCellsOf(model);
    const { touchdowns, onTouchdown } = dieLife(options.measured, model.die.ordinal);
    const outcome = await onOpenBench(benchFile, 'epoch', (bench, { stop, tell, onProgress }) =>
      trainDie<TrainingSoFar | CellTrainingOutcome>({
        bench,
        plan,
        known,
        journal,
        stop,
        earlierTouchdowns: touchdowns,
        onTouchdown,
        onWarning: tell,
        isFinished: (state) => 'end' in state && state.end === 'finished',
        train: ({ junctions, before, arm, keep }) => {
          const afterUpdate = (soFar: TrainingSoFar) => {
            onProgress(soFar.curve.length, task.parameters.epochs);
            return keep(soFar);
          };
          return trainOnCells(task, junctions, { beforePulses: arm, afterUpdate }, before);
        },
      }),
    );
    await report(options.report ?? 'in-situ-bench.json', subject, fitted, outcome);
    if (outcome.error !== null) throw outcome.error;
  } finally {
    await journal.close();
  }
}

function subjectOf(options: BenchTrainingOptions, task: CellTask, model: DieModel, proberId: string) {
  const { problem, hidden, pairsPerWeight, parameters, seed } = task;
  return {
    problem,
    hidden,
    pairsPerWeight,
    parameters,
    seed,
    amplitude: options.amplitude,
    exponent: options.exponent,
    dieModelId: model.id,
    die: model.die,
    wafer: { lot: model.provenance.lot, wafer: model.provenance.wafer, proberId },
  };
}

async function report(
  file: string,
  subject: object,
  fitted: DieSwitching,
  { result, safeState }: PoweredDieOutcome<TrainedDie<TrainingSoFar | CellTrainingOutcome>>,
): Promise<void> {
  if (safeState.at !== '')
    console.log(`bench left ${safeState.verdict}${safeState.verdict === 'safe' ? ', read back' : ''}`);
  if (result === null) return;
  const { state, pulses, mostPulses } = result;
  const { junctions: _cells, ...law } = fitted;
  const provenance = { ...subject, switching: law, softwareVersion: softwareVersion(), at: new Date().toISOString() };
  const content = {
    format: 'tunnelbench-in-situ-bench',
    version: 1,
    provenance,
    pulses,
    mostPulses,
    safeState,
    ...state,
  };
  await writeFile(file, `${JSON.stringify(content, null, 1)}\n`);
  const outcome = state as CellTrainingOutcome;
  const joules = outcome.ledgers.reduce((sum, ledger) => sum + ledger.joules, 0);
  const flips = outcome.ledgers.reduce((sum, ledger) => sum + ledger.flips, 0);
  console.log(
    `${outcome.end} after ${outcome.updates} updates: accuracy ${(100 * outcome.accuracy).toFixed(2)} % of the held samples`,
  );
  console.log(
    `${pulses} pulses, at most ${mostPulses} on one cell; ${flips} switched; ${(1e6 * joules).toFixed(1)} µJ`,
  );
  console.log(`report: ${file}`);
  if (outcome.end !== 'finished') process.exitCode = 1;
}

function missing(option: string, what: string): TunnelbenchError {
  return new TunnelbenchError('TB_USAGE', {
    thing: option,
    what: 'training on a bench needs it',
    expected: what,
    remedy: 'See "tunnelbench train in-situ --help".',
  });
}
