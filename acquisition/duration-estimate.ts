import { pointCount, type Segment, segmentsOf } from '../wafer/sweep.ts';
import { type Plan, pairPositions } from './plan.ts';

/** Mains frequency assumed before the source has told its own: the slower one, so that the estimate errs long. */
const LINE_HERTZ = 50;
/** Source step and bookkeeping inside the instrument, per point. */
const POINT_OVERHEAD_SECONDS = 30e-6;
/** Two 40-byte frames at 115,200 baud and the controller's answer. */
const ROUTE_EXCHANGE_SECONDS = 8e-3;
/** Trigger, acknowledge and read-out that routing cannot hide. */
const SWEEP_EXCHANGE_SECONDS = 5e-3;
/** Step, contact, power-up, contact check, power-down and separation of one die. */
const DIE_SECONDS = 6;
/** Row of the sweep table and its index entries, beside the readings. */
const ROW_BYTES = 260;
/** volts f32, amps f32, flags u8. */
const POINT_BYTES = 9;
/** Analysis row of a cell. */
const CELL_BYTES = 200;

export interface PlanEstimate {
  readonly sweepSeconds: number;
  readonly pairSeconds: number;
  readonly dieSeconds: number;
  readonly totalSeconds: number;
  readonly bytes: number;
  readonly pointsPerSweep: number;
}

/** Share of pairs to which quick reads give a loop, assumed before anything is known of the wafer. */
const UNSETTLED_SHARE = 0.03;

/**
 * Expected duration and file size of a plan, every cell running the full loop (the longest treatment). Of an adaptive
 * plan: quick reads, the sample, and loops for a few per cent of the others.
 */
export function estimatePlan(plan: Plan): PlanEstimate {
  const { recipe, bench, dies, repeatPairs, referencePairs } = plan;
  const segments = segmentsOf(recipe.programme, 'loop');
  const sweepSeconds = segments.reduce((sum, segment) => sum + segmentSeconds(segment), 0);
  const route = bench.routeSettleSeconds + ROUTE_EXCHANGE_SECONDS;
  const loopPairSeconds = sweepSeconds + SWEEP_EXCHANGE_SECONDS + route;
  const quickSeconds = (recipe.programme.quick ?? []).reduce((sum, segment) => sum + segmentSeconds(segment), 0);
  const loopShare = plan.adaptive === undefined ? 1 : plan.adaptive.sampleFraction + UNSETTLED_SHARE;
  const pairSeconds =
    plan.adaptive === undefined
      ? loopPairSeconds
      : loopShare * loopPairSeconds + quickSeconds + SWEEP_EXCHANGE_SECONDS + route;

  const pairs = pairPositions(plan);
  const repeats = repeatPairs.length * recipe.repeatSample.loops;
  const plain = DIE_SECONDS + recipe.contact.settleSeconds + pairs * pairSeconds;
  const gates = (bench.geometry.columns / bench.geometry.columnsPerEnableLine) * recipe.enable.settleSeconds;
  const repeatSeconds = repeats * (sweepSeconds + SWEEP_EXCHANGE_SECONDS);
  const referenceRounds = 1 + Math.floor((plain + repeatSeconds) / recipe.reference.everySeconds);
  const references = referenceRounds * referencePairs.length;
  const dieSeconds = plain + gates + repeatSeconds + references * loopPairSeconds;

  const perPair = bench.geometry.columnsPerEnableLine;
  const sweeps = (pairs + repeats + references) * perPair;
  const pointsPerSweep = pointCount(segments);
  const dieBytes = sweeps * (pointsPerSweep * POINT_BYTES + ROW_BYTES) + pairs * perPair * CELL_BYTES;
  return {
    sweepSeconds,
    pairSeconds,
    dieSeconds,
    totalSeconds: dieSeconds * dies.length,
    bytes: dieBytes * dies.length,
    pointsPerSweep,
  };
}

function segmentSeconds({ volts, nplc, settleSeconds }: Segment): number {
  return volts.length * (settleSeconds + nplc / LINE_HERTZ + POINT_OVERHEAD_SECONDS);
}
