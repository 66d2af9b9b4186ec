import { pointCount, type Segment, segmentsOf } from '../wafer/sweep.ts';
import { listSeconds, pairListSeconds } from './access-time.ts';
import { planOfDie } from './die-recipes.ts';
import { type Plan, pairPositions } from './plan.ts';

/** Two 40-byte frames at 115,200 baud and the controller's answer. */
const ROUTE_EXCHANGE_SECONDS = 8e-3;
/** Step, contact, power-up, contact check, power-down and separation of one die. */
const DIE_SECONDS = 6;
/** Row of the sweep table and its index entries, beside the readings. */
const ROW_BYTES = 260;
/** volts f32, amps f32, flags u8. */
const POINT_BYTES = 9;
/** Analysis row of a cell. */
const CELL_BYTES = 200;

export interface DieEstimate {
  readonly sweepSeconds: number;
  readonly pairSeconds: number;
  readonly dieSeconds: number;
  readonly dieBytes: number;
  readonly pointsPerSweep: number;
}

/** The figures of one die are those of the plan's first. */
export interface PlanEstimate extends DieEstimate {
  readonly totalSeconds: number;
  readonly bytes: number;
}

/** Share of pairs to which quick reads give a loop, assumed before anything is known of the wafer. */
const UNSETTLED_SHARE = 0.03;

/** Expected duration and file size of a plan: every die under its own recipe, and as often as it is measured. */
export function estimatePlan(plan: Plan): PlanEstimate {
  const one = estimateDie(planOfDie(plan, plan.dies[0].ordinal));
  const visits = [...plan.dies.map(({ ordinal }) => ordinal), ...(plan.repeatDies ?? [])];
  const all = visits.map((ordinal) => estimateDie(planOfDie(plan, ordinal)));
  return {
    ...one,
    totalSeconds: all.reduce((sum, { dieSeconds }) => sum + dieSeconds, 0),
    bytes: all.reduce((sum, { dieBytes }) => sum + dieBytes, 0),
  };
}

/**
 * One die of a plan, every cell running the full loop (the longest treatment). Of an adaptive plan: quick reads, the
 * sample, and loops for a few per cent of the others.
 */
export function estimateDie(plan: Plan): DieEstimate {
  const { recipe, bench, repeatPairs, referencePairs } = plan;
  const segments = segmentsOf(recipe.programme, 'loop');
  const perPair = bench.geometry.columnsPerEnableLine;
  const route = bench.routeSettleSeconds + ROUTE_EXCHANGE_SECONDS;
  const runSeconds = (lists: readonly Segment[]) => pairListSeconds(lists, recipe.access, perPair, route);
  const loopPairSeconds = runSeconds(segments) + route;
  const loopShare = plan.adaptive === undefined ? 1 : plan.adaptive.sampleFraction + UNSETTLED_SHARE;
  const pairSeconds =
    plan.adaptive === undefined
      ? loopPairSeconds
      : loopShare * loopPairSeconds + runSeconds(recipe.programme.quick ?? []) + route;

  const pairs = pairPositions(plan);
  const repeats = repeatPairs.length * recipe.repeatSample.loops;
  const plain = DIE_SECONDS + recipe.contact.settleSeconds + pairs * pairSeconds;
  const gates = (bench.geometry.columns / bench.geometry.columnsPerEnableLine) * recipe.enable.settleSeconds;
  const repeatSeconds = repeats * runSeconds(segments);
  const referenceRounds = 1 + Math.floor((plain + repeatSeconds) / recipe.reference.everySeconds);
  const references = referenceRounds * referencePairs.length;
  const dieSeconds = plain + gates + repeatSeconds + references * loopPairSeconds;

  const sweeps = (pairs + repeats + references) * perPair;
  const pointsPerSweep = pointCount(segments);
  const dieBytes = sweeps * (pointsPerSweep * POINT_BYTES + ROW_BYTES) + pairs * perPair * CELL_BYTES;
  return {
    sweepSeconds: listSeconds(segments),
    pairSeconds,
    dieSeconds,
    dieBytes,
    pointsPerSweep,
  };
}
