import type { StoredOutcome } from '../in-situ-campaign.ts';
import { SIZES, type StudyName } from '../studies.ts';
import { type MeanInterval, meanInterval } from './mean-interval.ts';

/** One point of a figure and one line of its CSV. Accuracies and gaps in percentage points. */
export interface StudyPoint extends MeanInterval {
  readonly series: string;
  readonly x: number;
  /** Means per training. */
  readonly steps: number;
  readonly pulses: number;
  readonly joules: number;
  /** Junctions switched by half-select voltages, per exposure. */
  readonly disturbPerExposure: number;
}

interface Observation {
  readonly series: string;
  readonly x: number;
  /** What is averaged first (folds of a repetition, or nothing: a seed); intervals are over units. */
  readonly unit: number;
  readonly value: number;
  readonly stored: StoredOutcome;
}

/** The points of a study's figure from its outcomes. */
export function studyPoints(study: StudyName, outcomes: readonly StoredOutcome[]): StudyPoint[] {
  return gather(OBSERVE[study](outcomes));
}

/** Gap of every in-situ or mapped network to the real-valued one of the same seed and samples, in points. */
export function gapPoints(outcomes: readonly StoredOutcome[]): StudyPoint[] {
  return gather(
    gaps(outcomes).map(({ stored, gap }) => observe(stored, seriesOf(stored), stored.task.pairsPerWeight, gap)),
  );
}

const OBSERVE: Readonly<Record<StudyName, (outcomes: readonly StoredOutcome[]) => Observation[]>> = {
  mnist: (outcomes) =>
    outcomes.flatMap((stored) => {
      const { curve, accuracy } = stored.outcome;
      const { epochs } = stored.task.parameters;
      const ends = curve.length > 0 ? curve : [1, epochs].map((epoch) => ({ epoch, accuracy }));
      return ends.map((point) => observe(stored, seriesOf(stored), point.epoch, 100 * point.accuracy));
    }),
  tables: (outcomes) =>
    gaps(outcomes).map(({ stored, gap }) => observe(stored, tableOf(stored), stored.task.pairsPerWeight, gap)),
  variation: (outcomes) =>
    outcomes.map((stored) =>
      observe(stored, stored.task.pulses.policy, 100 * stored.task.junctions.vC0Sigma, accuracyOf(stored)),
    ),
  mapping: (outcomes) =>
    outcomes.map((stored) =>
      observe(stored, seriesOf(stored), 100 * stored.task.junctions.vC0Sigma, accuracyOf(stored)),
    ),
  disturb: (outcomes) =>
    outcomes.map((stored) => observe(stored, 'half-select, n = 5', stored.task.junctions.delta, accuracyOf(stored))),
  'sneak-paths': (outcomes) =>
    outcomes.map((stored) =>
      observe(
        stored,
        `${tableOf(stored)}, ${stored.task.method === 'in-situ' ? 'in situ' : 'mapped once'}`,
        stored.task.passive?.pitchOhms ?? 0,
        accuracyOf(stored),
      ),
    ),
  defects: (outcomes) =>
    outcomes.map((stored) =>
      observe(stored, seriesOf(stored), 100 * stored.task.junctions.stuckShare, accuracyOf(stored)),
    ),
  size: (outcomes) => outcomes.flatMap((stored) => sizeObservation(stored)),
};

/** Accuracy that every size reaches, in percent: what "at equal accuracy" means in the size study. */
export const SIZE_TARGET = 80;

/** Updates until the target, at the number of junctions of the first layer in one replica. */
function sizeObservation(stored: StoredOutcome): Observation[] {
  const reached = stored.outcome.curve.find(({ accuracy }) => 100 * accuracy >= SIZE_TARGET);
  if (reached === undefined) return [];
  const { parameters, problem, hidden } = stored.task;
  const block = problem.kind === 'mnist' ? problem.block : 2;
  const size = SIZES.find((each) => each.block === block && each.hidden === hidden[0]);
  if (size === undefined) return [];
  const junctions = (20 / block) ** 2 * 2 * size.hidden;
  return [
    observe(stored, parameters.update === 'outer' ? 'all cells at once' : 'column by column', junctions, reached.steps),
  ];
}

function gaps(outcomes: readonly StoredOutcome[]): { stored: StoredOutcome; gap: number }[] {
  const place = ({ task: { problem, seed } }: StoredOutcome) => JSON.stringify([problem, seed]);
  const real = new Map(outcomes.filter(({ task }) => task.method === 'real').map((each) => [place(each), each]));
  return outcomes.flatMap((stored) => {
    const reference = real.get(place(stored));
    if (stored.task.method === 'real' || reference === undefined) return [];
    return [{ stored, gap: accuracyOf(reference) - accuracyOf(stored) }];
  });
}

function observe(stored: StoredOutcome, series: string, x: number, value: number): Observation {
  const { problem, seed } = stored.task;
  return { series, x, unit: problem.kind === 'table' ? problem.repetition : seed, value, stored };
}

function seriesOf({ task }: StoredOutcome): string {
  const pairs = `n = ${task.pairsPerWeight}`;
  if (task.method === 'real') return 'real-valued';
  if (task.method === 'binary-mapped') return `software-binary mapped once, ${pairs}`;
  return task.parameters.update === 'outer' ? `${pairs}, all cells at once` : pairs;
}

const tableOf = ({ task }: StoredOutcome): string => (task.problem.kind === 'table' ? task.problem.name : 'mnist');
const accuracyOf = ({ outcome }: StoredOutcome): number => 100 * outcome.accuracy;

function gather(observations: readonly Observation[]): StudyPoint[] {
  const groups = Map.groupBy(observations, ({ series, x }) => `${series}\n${x}`);
  return [...groups.values()].map((group) => {
    const units = [...Map.groupBy(group, ({ unit }) => unit).values()];
    const ends = group.map(({ stored }) => stored.outcome.curve.at(-1));
    const mean = (pick: (end: NonNullable<(typeof ends)[number]>) => number) =>
      ends.reduce((sum, end) => sum + (end === undefined ? 0 : pick(end)), 0) / ends.length;
    const exposures = mean((end) => end.halfSelects);
    return {
      series: group[0].series,
      x: group[0].x,
      ...meanInterval(units.map((unit) => unit.reduce((sum, { value }) => sum + value, 0) / unit.length)),
      steps: mean((end) => end.steps),
      pulses: mean((end) => end.pulses),
      joules: mean((end) => end.joules),
      disturbPerExposure: exposures > 0 ? mean((end) => end.disturbed) / exposures : 0,
    };
  });
}
