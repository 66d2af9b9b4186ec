import { ATTEMPT_SECONDS, type BarrierExponent } from '../physics/switching.ts';

/** Rising |V| of the steps that a loop tries, and the time each lasts. */
export interface Staircase {
  readonly steps: readonly number[];
  readonly dwellSeconds: number;
}

/** |V_sw| of a cell's loops, by the direction of the transition: midpoints between the last step before and the first after. */
export interface CellLoops {
  readonly cell: number;
  readonly toP: readonly number[];
  readonly toAp: readonly number[];
}

/** Places of the grid along ln Δ, ln m (m: where a step's hazard is 1) and the offset. */
const DELTA_PLACES = 41;
const LEVEL_PLACES = 17;
const OFFSET_PLACES = 9;
/** The grid reaches this far beyond a cell's own estimate, in standard errors of a loop's scatter. */
const REACH = 5;

/** Places below this part of the largest likelihood are left out. */
const NEGLIGIBLE = 1e-7;

/**
 * Likelihood of a cell's loops under the thermal law on a grid of ln Δ × ln m × offset. The level m is what loops fix best; V_c0
 * follows from it, V_c0 = m/(1 − (ln(t/τ0)/Δ)^(1/b)), so d ln V_c0 = d ln m at a given Δ. One element per place that matters.
 */
export interface LikelihoodGrid {
  readonly loops: number;
  readonly lnDelta: Float64Array;
  readonly lnVC0: Float64Array;
  readonly offsets: Float64Array;
  /** The largest is 1. */
  readonly likelihood: Float64Array;
}

export interface GridFrame {
  readonly toP: Staircase;
  readonly toAp: Staircase;
  readonly exponent: BarrierExponent;
  /** Middle of the grid of ln Δ, and its half-width. */
  readonly lnDelta: number;
  readonly lnDeltaReach: number;
}

/** Loops counted by step: switched at it, or survived it. */
interface StepCounts {
  readonly volts: number;
  readonly switched: number;
  readonly survived: number;
}

export function likelihoodGrid({ toP, toAp }: CellLoops, frame: GridFrame): LikelihoodGrid {
  const upCounts = countSteps(toP, frame.toP.steps);
  const downCounts = countSteps(toAp, frame.toAp.steps);
  const { exponent } = frame;
  const lnAttempts = Math.log(frame.toP.dwellSeconds / ATTEMPT_SECONDS);
  const { level, offset, error } = roughly(toP, toAp, frame, lnAttempts);
  const deltas = places(DELTA_PLACES, frame.lnDelta, frame.lnDeltaReach);
  const levels = places(LEVEL_PLACES, Math.log(level), (REACH * error) / level);
  const offsetPlaces = places(OFFSET_PLACES, offset, REACH * error);
  const found: { lnDelta: number; lnVC0: number; offset: number; value: number }[] = [];
  for (const lnDelta of deltas) {
    const delta = Math.exp(lnDelta);
    const lnShare = Math.log(Math.max(1e-3, 1 - (lnAttempts / delta) ** (1 / exponent)));
    for (const lnLevel of levels) {
      const lnVC0 = lnLevel - lnShare;
      const vC0 = Math.exp(lnVC0);
      for (const offset of offsetPlaces) {
        const up = logLikelihood(upCounts, delta, vC0, offset, lnAttempts, exponent);
        const value = up + logLikelihood(downCounts, delta, vC0, -offset, lnAttempts, exponent);
        found.push({ lnDelta, lnVC0, offset, value });
      }
    }
  }
  const most = found.reduce((largest, { value }) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
  const kept = found.filter(({ value }) => value - most > Math.log(NEGLIGIBLE));
  return {
    loops: toP.length + toAp.length,
    lnDelta: Float64Array.from(kept, (place) => place.lnDelta),
    lnVC0: Float64Array.from(kept, (place) => place.lnVC0),
    offsets: Float64Array.from(kept, (place) => place.offset),
    likelihood: Float64Array.from(kept, (place) => Math.exp(place.value - most)),
  };
}

/** Distance of two neighbouring places of ln Δ: a narrower spread than that is not resolved. */
export function deltaStep({ lnDeltaReach }: GridFrame): number {
  return (2 * lnDeltaReach) / (DELTA_PLACES - 1);
}

/** ln of the probability of the counts; the offset lowers the drive of a step. */
function logLikelihood(
  counts: readonly StepCounts[],
  delta: number,
  vC0: number,
  offset: number,
  lnAttempts: number,
  exponent: BarrierExponent,
): number {
  let sum = 0;
  for (const { volts, switched, survived } of counts) {
    const barrier = Math.max(0, 1 - (volts - offset) / vC0);
    const hazard = Math.exp(lnAttempts - delta * (exponent === 1 ? barrier : barrier * barrier));
    if (switched > 0) sum += switched * Math.log(-Math.expm1(-hazard));
    sum -= survived * hazard;
  }
  return sum;
}

/** Steps far below the first transition say nothing and are left out. */
function countSteps(volts: readonly number[], steps: readonly number[]): StepCounts[] {
  const at = volts.map((value) => steps.findIndex((step) => step > value)).filter((step) => step >= 0);
  const first = Math.min(...at) - 4;
  return steps.flatMap((step, k) => {
    const switched = at.filter((one) => one === k).length;
    const survived = at.filter((one) => one > k).length;
    return k < first || switched + survived === 0 ? [] : [{ volts: step, switched, survived }];
  });
}

/** Level, offset and standard error from means: where the grid shall lie. */
function roughly(toP: readonly number[], toAp: readonly number[], frame: GridFrame, lnAttempts: number) {
  const [up, down] = [mean(toP), mean(toAp)];
  const middle = (up + down) / 2;
  const delta = Math.exp(frame.lnDelta);
  // dV/d ln h at a hazard of 1, which is about the scatter of one loop.
  const root = (lnAttempts / delta) ** (1 / frame.exponent);
  const slope = (middle * root) / ((1 - root) * lnAttempts * frame.exponent);
  const above = frame.toP.steps.findIndex((value) => value > middle);
  const width = above <= 0 ? 0 : frame.toP.steps[above] - frame.toP.steps[above - 1];
  const scatter = Math.hypot(1.28 * slope, width / Math.sqrt(12));
  return {
    level: middle,
    offset: (up - down) / 2,
    error: scatter / Math.sqrt(toP.length + toAp.length) + 0.003 * middle,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function places(count: number, middle: number, reach: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => middle + reach * ((2 * i) / (count - 1) - 1));
}
