import { DEFAULT_ACCESS_PATH } from '../../physics/access-path.ts';
import { loadTable, TABLE_NAMES, type TableName } from '../dataset/load-table.ts';
import { type AmplitudePolicy, DEFAULT_PULSES } from './amplitude.ts';
import { mnistParameters, outerParameters, tableParameters } from './in-situ-parameters.ts';
import { DEFAULT_JUNCTIONS } from './junctions.ts';
import type { InSituTask } from './run-task.ts';

export const STUDY_NAMES = [
  'mnist',
  'tables',
  'variation',
  'mapping',
  'disturb',
  'line-resistance',
  'sneak-paths-choice',
  'sneak-paths',
  'defects',
  'size',
] as const;
export type StudyName = (typeof STUDY_NAMES)[number];

/** Repetitions and epochs of the studies; `paper` is what docs/in-situ.md reports. */
export interface StudyScale {
  readonly seeds: number;
  readonly epochs: number;
  /** Seeds and epochs of the sweeps on MNIST; those that judge or solve at every update get a third of the epochs. */
  readonly sweepSeeds: number;
  readonly sweepEpochs: number;
  /** Divisions of the tables into folds; passive arrays get half of them. */
  readonly repetitions: number;
}

export const STUDY_SCALES = {
  quick: { seeds: 1, epochs: 5, sweepSeeds: 1, sweepEpochs: 2, repetitions: 1 },
  paper: { seeds: 5, epochs: 40, sweepSeeds: 5, sweepEpochs: 15, repetitions: 10 },
} as const satisfies Record<string, StudyScale>;

const POLICIES = ['shared', 'calibrated', 'gated'] as const satisfies readonly AmplitudePolicy[];

/** Per cell; arrays for the tables are a tenth of those for images, and so bear ten times the resistance. */
const PASSIVE_TABLE_OHMS = [20, 50, 100, 200];

/** Divisions that choices are made on; no result is reported on them. */
const CHOICE_REPETITION = 101;

/** The default: MNIST on 100-90-10, one pair per weight, with transistors, median junctions, shared amplitude, judged on the test images. */
function mnistTask(pairsPerWeight: number, seed: number, epochs: number): InSituTask {
  return {
    problem: { kind: 'mnist', block: 2, judge: 'test' },
    hidden: [90],
    method: 'in-situ',
    pairsPerWeight,
    parameters: mnistParameters(pairsPerWeight, epochs),
    junctions: DEFAULT_JUNCTIONS,
    pulses: { ...DEFAULT_PULSES, policy: 'shared' },
    passive: null,
    seed,
    judgeEvery: Math.max(1, Math.round(epochs / 10)),
  };
}

const STUDIES: Readonly<Record<StudyName, (scale: StudyScale) => InSituTask[]>> = {
  mnist: ({ seeds, epochs }) =>
    range(seeds).flatMap((seed) => [
      { ...mnistTask(1, seed, epochs), method: 'real' as const },
      { ...mnistTask(1, seed, epochs), method: 'binary-mapped' as const },
      ...[1, 3, 5, 9].map((pairs) => mnistTask(pairs, seed, epochs)),
      ...[1, 5].map((pairs) => ({ ...mnistTask(pairs, seed, epochs), parameters: outerParameters(pairs, epochs) })),
    ]),

  tables: ({ repetitions }) =>
    TABLE_NAMES.flatMap((name) =>
      folds(repetitions).flatMap(({ repetition, fold, seed }) => {
        const task = tableTask(name, repetition, fold, seed);
        return [
          { ...task, method: 'real' as const },
          ...[1, 3, 5, 9].map((pairsPerWeight) => ({ ...task, pairsPerWeight })),
        ];
      }),
    ),

  variation: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) => [
      ...POLICIES.flatMap((policy) =>
        [0, 0.1, 0.3].map((sigma) => withSpread(mnistTask(5, seed, sweepEpochs), policy, sigma, 0.05)),
      ),
      // All cells at once: the lines' voltages add, so there is no amplitude of a cell's own.
      ...[0, 0.1].map((sigma) => {
        const task = { ...mnistTask(5, seed, sweepEpochs), parameters: outerParameters(5, sweepEpochs) };
        return withSpread(task, 'shared', sigma, 0.05);
      }),
    ]),

  mapping: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      [0, 0.3].flatMap((sigma) =>
        [1, 5].flatMap((pairs) => {
          const task = withSpread(mnistTask(pairs, seed, sweepEpochs), 'calibrated', sigma, sigma);
          return [task, { ...task, method: 'binary-mapped' as const }];
        }),
      ),
    ),

  disturb: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      [60, 30, 27, 25, 22].flatMap((delta) =>
        [5, 1].map((pairs) => ({
          ...mnistTask(pairs, seed, sweepEpochs),
          junctions: { ...DEFAULT_JUNCTIONS, delta },
          passive: { pitchOhms: 0.05, contactOhms: 2, solvedReads: false },
        })),
      ),
    ),

  'line-resistance': ({ sweepSeeds, sweepEpochs }) =>
    [90, 20].flatMap((hidden) =>
      range(sweepSeeds).flatMap((seed) =>
        [2, 1, 0.5].flatMap((pitchOhms) => {
          const task = { ...mnistTask(1, seed, Math.ceil(sweepEpochs / 3)), hidden: [hidden] };
          return [
            ...onPassiveLines(task, pitchOhms, hidden === 90 ? ['shared', 'calibrated'] : ['calibrated']),
            ...(hidden === 90 ? [gatedTask(task, pitchOhms)] : []),
          ];
        }),
      ),
    ),

  'sneak-paths-choice': ({ repetitions }) =>
    (['wine', 'breast-cancer'] as const).flatMap((name) =>
      PASSIVE_TABLE_OHMS.flatMap((pitchOhms) =>
        folds(Math.ceil(repetitions / 5), CHOICE_REPETITION).flatMap(({ repetition, fold, seed }) =>
          POLICIES.map((policy) => {
            const task = { ...tableTask(name, repetition, fold, seed, 'validation'), pairsPerWeight: 1 };
            return passiveTask(task, pitchOhms, policy);
          }),
        ),
      ),
    ),

  'sneak-paths': ({ repetitions }) =>
    (['wine', 'breast-cancer'] as const).flatMap((name) =>
      PASSIVE_TABLE_OHMS.flatMap((pitchOhms) =>
        folds(Math.ceil(repetitions / 2)).flatMap(({ repetition, fold, seed }) =>
          onPassiveLines({ ...tableTask(name, repetition, fold, seed), pairsPerWeight: 1 }, pitchOhms, POLICIES),
        ),
      ),
    ),

  defects: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      [
        ...[0, 0.01, 0.1].map((stuckShare) => ({ ...DEFAULT_JUNCTIONS, stuckShare })),
        ...[0.002, 0.01, 0.03].map((shortedShare) => ({ ...DEFAULT_JUNCTIONS, shortedShare })),
      ].flatMap((junctions) => {
        const task = { ...mnistTask(5, seed, sweepEpochs), junctions };
        return [
          task,
          { ...task, method: 'binary-mapped' as const },
          { ...task, pairsPerWeight: 1, method: 'binary-mapped' as const },
        ];
      }),
    ),

  size: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      SIZES.flatMap(({ block, hidden }) => {
        const epochs = Math.ceil(sweepEpochs / 3);
        const task = {
          ...mnistTask(5, seed, epochs),
          problem: { kind: 'mnist', block, judge: 'test' } as const,
          hidden: [hidden],
          judgeEvery: 1,
        };
        return ([mnistParameters, outerParameters] as const).map((parametersOf) => ({
          ...task,
          parameters: parametersOf(5, epochs),
          judgeEarly: true,
        }));
      }),
    ),
};

/** First layers of 25 × 20 up to 100 × 180 junctions: 5 × 5 or 10 × 10 pixels, two columns per hidden unit. */
export const SIZES = [
  { block: 4, hidden: 10 },
  { block: 4, hidden: 40 },
  { block: 2, hidden: 20 },
  { block: 2, hidden: 45 },
  { block: 2, hidden: 90 },
] as const;

export function studyTasks(name: StudyName, scale: StudyScale): InSituTask[] {
  return STUDIES[name](scale);
}

function tableTask(
  name: TableName,
  repetition: number,
  fold: number,
  seed: number,
  judge: 'validation' | 'test' = 'test',
): InSituTask {
  // Four fifths are trained on; of those again four fifths where the rest is for choices.
  const share = judge === 'test' ? 0.8 : 0.64;
  return {
    problem: { kind: 'table', name, repetition, fold, judge },
    hidden: [16],
    method: 'in-situ',
    pairsPerWeight: 5,
    parameters: tableParameters(Math.floor(share * loadTable(name).count)),
    junctions: DEFAULT_JUNCTIONS,
    pulses: { ...DEFAULT_PULSES, policy: 'shared' },
    passive: null,
    seed,
    judgeEvery: 1000,
  };
}

/** In situ with each way to set P, and software-binary weights written once and written until they hold. */
function onPassiveLines(task: InSituTask, pitchOhms: number, policies: readonly AmplitudePolicy[]): InSituTask[] {
  return [
    ...policies.map((policy) => passiveTask(task, pitchOhms, policy)),
    ...(['binary-mapped', 'binary-verified'] as const).map((method) => ({
      ...passiveTask(task, pitchOhms, 'gated'),
      method,
    })),
  ];
}

/** Lines without transistors, solved for reads and for half-select voltages. */
function passiveTask(task: InSituTask, pitchOhms: number, policy: AmplitudePolicy): InSituTask {
  return {
    ...task,
    pulses: { ...DEFAULT_PULSES, policy },
    passive: { pitchOhms, contactOhms: 2, solvedReads: true },
  };
}

/** The same lines with two access transistors a cell, as the wafer's cells have; 1 nS is a cautious leak. */
function gatedTask(task: InSituTask, pitchOhms: number): InSituTask {
  const transistors = { onOhms: DEFAULT_ACCESS_PATH.transistorOhms / 2, offSiemens: 1e-9 };
  return { ...task, pulses: DEFAULT_PULSES, gated: { pitchOhms, contactOhms: 2, ...transistors } };
}

function withSpread(task: InSituTask, policy: AmplitudePolicy, vC0Sigma: number, resistanceSigma: number): InSituTask {
  return {
    ...task,
    junctions: { ...task.junctions, vC0Sigma, resistanceSigma, deltaSigma: vC0Sigma > 0 ? 0.1 : 0 },
    pulses: { ...task.pulses, policy },
  };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Five folds of every repetition; the seed differs from fold to fold and is the same for every method. */
function folds(repetitions: number, first = 1): { repetition: number; fold: number; seed: number }[] {
  return Array.from({ length: repetitions }, (_, i) => first + i).flatMap((repetition) =>
    Array.from({ length: 5 }, (_, fold) => ({ repetition, fold, seed: 5 * repetition + fold })),
  );
}
