import type { StoredOutcome } from '../in-situ-campaign.ts';
import type { CurvePoint } from '../run-task.ts';
import type { StudyName } from '../studies.ts';
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
    each(
      outcomes,
      ({ task }) => `${task.pulses.policy}${task.parameters.update === 'outer' ? ', all cells at once' : ''}`,
      ({ task }) => 100 * task.junctions.vC0Sigma,
    ),
  mapping: (outcomes) => each(outcomes, seriesOf, ({ task }) => 100 * task.junctions.vC0Sigma),
  disturb: (outcomes) => {
    // Outcomes of one Δ share their mean rate, so that they make one point.
    const rates = new Map(
      [...Map.groupBy(outcomes, conditionOf)].map(([condition, own]) => [condition, disturbPerExposure(own)]),
    );
    return each(outcomes, seriesOf, (stored) => Math.max(SMALLEST_RATE, rates.get(conditionOf(stored)) as number));
  },
  'line-resistance': (outcomes) => each(outcomes, lineSeries, pitchOf),
  'sneak-paths-choice': (outcomes) => each(outcomes, lineSeries, pitchOf),
  'sneak-paths': (outcomes) => each(outcomes, lineSeries, pitchOf),
  defects: (outcomes) =>
    outcomes.flatMap((stored) => {
      const { stuckShare, shortedShare = 0 } = stored.task.junctions;
      // Without defects it is the first point of both.
      const kinds = [
        ...(shortedShare === 0 ? [{ kind: 'never switch', share: stuckShare }] : []),
        ...(stuckShare === 0 ? [{ kind: 'shorted', share: shortedShare }] : []),
      ];
      return kinds.map(({ kind, share }) =>
        observe(stored, `${kind}: ${seriesOf(stored)}`, 100 * share, accuracyOf(stored)),
      );
    }),
  size: (outcomes) =>
    SIZE_TARGETS.flatMap((target) =>
      outcomes.flatMap((stored) => sizeObservation(stored, target, ({ steps }) => steps)),
    ),
};

/** Further pictures of a study, by the ending of their files. */
export const FURTHER_POINTS: Partial<
  Readonly<Record<StudyName, Readonly<Record<string, (outcomes: readonly StoredOutcome[]) => StudyPoint[]>>>>
> = {
  size: {
    pulses: (outcomes) =>
      gather(
        SIZE_TARGETS.flatMap((target) =>
          outcomes.flatMap((stored) =>
            sizeObservation(stored, target, ({ pulses }) => pulses / stored.outcome.junctions),
          ),
        ),
      ),
    accuracy: (outcomes) => gather(each(outcomes, sizeSeries, firstLayerJunctions)),
  },
};

/** A logarithmic axis has no 0: rates below this are drawn here. */
const SMALLEST_RATE = 1e-7;

/** Accuracies in percent at which sizes are compared: what "at equal accuracy" means in the size study. */
const SIZE_TARGETS = [60, 80];

/** One observation per outcome: its accuracy. */
function each(
  outcomes: readonly StoredOutcome[],
  series: (stored: StoredOutcome) => string,
  x: (stored: StoredOutcome) => number,
): Observation[] {
  return outcomes.map((stored) => observe(stored, series(stored), x(stored), accuracyOf(stored)));
}

/** What was done until the target was first reached, at the number of junctions of the first layer in one replica. */
function sizeObservation(stored: StoredOutcome, target: number, of: (point: CurvePoint) => number): Observation[] {
  const reached = stored.outcome.curve.find(({ accuracy }) => 100 * accuracy >= target);
  if (reached === undefined) return [];
  return [observe(stored, `${sizeSeries(stored)}, ${target} %`, firstLayerJunctions(stored), of(reached))];
}

function firstLayerJunctions({ task: { problem, hidden } }: StoredOutcome): number {
  const block = problem.kind === 'mnist' ? problem.block : 2;
  return (20 / block) ** 2 * 2 * hidden[0];
}

function sizeSeries({ task }: StoredOutcome): string {
  return task.parameters.update === 'outer' ? 'all cells at once' : 'column by column';
}

const pitchOf = ({ task }: StoredOutcome): number => (task.passive ?? task.gated)?.pitchOhms ?? 0;

/** The table or the size, and how weights got there. */
function lineSeries({ task }: StoredOutcome): string {
  const how = {
    'in-situ': `in situ, ${task.pulses.policy}${task.gated ? ', with transistors' : ''}`,
    'binary-mapped': 'mapped once',
    'binary-verified': 'mapped and verified',
    real: 'real-valued',
  }[task.method];
  return `${task.problem.kind === 'table' ? task.problem.name : `100 × ${2 * task.hidden[0]}`}: ${how}`;
}

const conditionOf = ({ task }: StoredOutcome): string => `${task.pairsPerWeight}, ${task.junctions.delta}`;

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
  if (task.method !== 'in-situ') return `software-binary mapped once, ${pairs}`;
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
    return {
      series: group[0].series,
      x: group[0].x,
      ...meanInterval(units.map((unit) => unit.reduce((sum, { value }) => sum + value, 0) / unit.length)),
      steps: mean((end) => end.steps),
      pulses: mean((end) => end.pulses),
      joules: mean((end) => end.joules),
      disturbPerExposure: disturbPerExposure(group.map(({ stored }) => stored)),
    };
  });
}

function disturbPerExposure(outcomes: readonly StoredOutcome[]): number {
  const ends = outcomes.flatMap(({ outcome }) => outcome.curve.at(-1) ?? []);
  const exposures = ends.reduce((sum, end) => sum + end.halfSelects, 0);
  return exposures > 0 ? ends.reduce((sum, end) => sum + end.disturbed, 0) / exposures : 0;
}
