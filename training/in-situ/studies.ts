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
  'sneak-paths',
  'defects',
  'size',
] as const;
export type StudyName = (typeof STUDY_NAMES)[number];

/** Repetitions and epochs of the studies; `paper` is what docs/in-situ.md reports. */
export interface StudyScale {
  readonly seeds: number;
  readonly epochs: number;
  /** Seeds and epochs of the sweeps (variation, mapping, disturb, defects, size). */
  readonly sweepSeeds: number;
  readonly sweepEpochs: number;
  readonly repetitions: number;
}

export const STUDY_SCALES = {
  quick: { seeds: 1, epochs: 5, sweepSeeds: 1, sweepEpochs: 2, repetitions: 1 },
  paper: { seeds: 5, epochs: 40, sweepSeeds: 3, sweepEpochs: 15, repetitions: 10 },
} as const satisfies Record<string, StudyScale>;

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
    range(sweepSeeds).flatMap((seed) =>
      (['shared', 'calibrated', 'gated'] as const).flatMap((policy) =>
        [0, 0.05, 0.1, 0.2, 0.3].map((sigma) => withSpread(mnistTask(5, seed, sweepEpochs), policy, sigma, 0.05)),
      ),
    ),

  mapping: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      [0, 0.1, 0.2, 0.3].flatMap((sigma) =>
        [1, 5].flatMap((pairs) => {
          const task = withSpread(mnistTask(pairs, seed, sweepEpochs), 'calibrated', sigma, sigma);
          return [task, { ...task, method: 'binary-mapped' as const }];
        }),
      ),
    ),

  disturb: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      [60, 40, 35, 30, 27, 25, 22].map((delta) => ({
        ...mnistTask(5, seed, sweepEpochs),
        junctions: { ...DEFAULT_JUNCTIONS, delta },
        passive: { pitchOhms: 0.05, contactOhms: 2, solvedReads: false },
      })),
    ),

  'sneak-paths': ({ repetitions }) =>
    (['wine', 'breast-cancer'] as const).flatMap((name) =>
      [0.05, 20, 50, 100, 200].flatMap((pitchOhms) =>
        folds(Math.ceil(repetitions / 5)).flatMap(({ repetition, fold, seed }) => {
          const task = {
            ...tableTask(name, repetition, fold, seed),
            pairsPerWeight: 1,
            // Overdriven, as the mapped weights are written: line drops leave a shared amplitude's probability to chance.
            pulses: { ...DEFAULT_PULSES, policy: 'gated' as const },
            passive: { pitchOhms, contactOhms: 2, solvedReads: true },
          };
          return [task, { ...task, method: 'binary-mapped' as const }];
        }),
      ),
    ),

  defects: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      [0, 0.01, 0.03, 0.1].flatMap((stuckShare) => {
        const task = { ...mnistTask(5, seed, sweepEpochs), junctions: { ...DEFAULT_JUNCTIONS, stuckShare } };
        return [task, { ...task, pairsPerWeight: 1, method: 'binary-mapped' as const }];
      }),
    ),

  size: ({ sweepSeeds, sweepEpochs }) =>
    range(sweepSeeds).flatMap((seed) =>
      SIZES.flatMap(({ block, hidden }) =>
        ([mnistParameters, outerParameters] as const).map((parametersOf) => ({
          ...mnistTask(5, seed, sweepEpochs),
          problem: { kind: 'mnist', block, judge: 'test' } as const,
          hidden: [hidden],
          parameters: parametersOf(5, sweepEpochs),
          judgeEvery: 1,
        })),
      ),
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

function tableTask(name: TableName, repetition: number, fold: number, seed: number): InSituTask {
  return {
    problem: { kind: 'table', name, repetition, fold, judge: 'test' },
    hidden: [16],
    method: 'in-situ',
    pairsPerWeight: 5,
    parameters: tableParameters(Math.floor(0.8 * loadTable(name).count)),
    junctions: DEFAULT_JUNCTIONS,
    pulses: { ...DEFAULT_PULSES, policy: 'shared' },
    passive: null,
    seed,
    judgeEvery: 1000,
  };
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
function folds(repetitions: number): { repetition: number; fold: number; seed: number }[] {
  return range(repetitions).flatMap((repetition) =>
    Array.from({ length: 5 }, (_, fold) => ({ repetition, fold, seed: 5 * repetition + fold })),
  );
}
