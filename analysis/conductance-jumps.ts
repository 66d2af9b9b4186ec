import { UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Readings } from '../wafer/sweep.ts';
import type { HalfLayout } from './programme-layout.ts';

/** A sudden change of conductance between neighbouring points of a half-loop. */
export interface Jump {
  /** Index of the last point before and of the first point after. */
  readonly before: number;
  readonly after: number;
  /** ln of the conductance ratio beyond the smooth bias dependence; positive: conductance rose. */
  readonly size: number;
}

/** Below this |V| the offset of a loop point makes I/V useless as a conductance. */
const MIN_VOLTS = 0.08;
/** A jump is at least this large in ln G, and stands this many standard deviations out of the half's own scatter. */
const MIN_JUMP = 0.006;
const JUMP_SIGMAS = 7;

/** Usable points of one half-loop: index into the readings, ln(I/V) and |V|. */
interface Course {
  readonly index: number[];
  readonly logG: number[];
  readonly bias: number[];
}

/** The jumps of a half-loop in order, and the scatter of ln G between them (robust standard deviation of a step). */
export interface HalfCourse {
  readonly jumps: readonly Jump[];
  readonly scatter: number;
}

/**
 * Finds the jumps of one half-loop. The bias dependence of R_AP is smooth, so each step of ln(I/V) is compared with the
 * slopes around it; what remains is scatter or a jump. A transition that happens while a point is being integrated
 * shows as two steps in a row with one sign: they are one jump. `noiseAmps` is the standard deviation of one loop
 * reading, from fits at low bias.
 */
export function conductanceJumps(readings: Readings, half: HalfLayout, noiseAmps: number): HalfCourse {
  const { index, logG, bias } = courseOf(readings, half);
  const steps = index.length - 1;
  if (steps < 5) return { jumps: [], scatter: 0 };
  const slopes = new Float64Array(steps);
  for (let i = 0; i < steps; i++) slopes[i] = slopeOf(logG[i + 1] - logG[i], bias[i + 1] - bias[i]);
  const excess = new Float64Array(steps);
  for (let i = 0; i < steps; i++) excess[i] = beyondNeighbours(slopes, i) * (bias[i + 1] - bias[i]);
  const scatter = robustSigma(excess);
  const jumps: Jump[] = [];
  for (let i = 0; i < steps; i++) {
    const [before, after] = [index[i], index[i + 1]];
    const smallest = Math.min(Math.abs(readings.amps[before]), Math.abs(readings.amps[after]));
    const sigma = Math.max(scatter, (noiseAmps * Math.SQRT2) / smallest);
    if (Math.abs(excess[i]) > Math.max(MIN_JUMP, JUMP_SIGMAS * sigma))
      append(jumps, { before, after, size: excess[i] });
  }
  return { jumps, scatter };
}

/** Points whose current has the sign of their voltage: the others (noise around an open) have no conductance. */
function courseOf({ volts, amps, flags }: Readings, { start, end }: HalfLayout): Course {
  const course: Course = { index: [], logG: [], bias: [] };
  for (let i = start; i < end; i++) {
    if (flags[i] & UNUSABLE_POINT || Math.abs(volts[i]) < MIN_VOLTS || volts[i] * amps[i] <= 0) continue;
    course.index.push(i);
    course.logG.push(Math.log(amps[i] / volts[i]));
    course.bias.push(Math.abs(volts[i]));
  }
  return course;
}

/** Two readings at nearly one voltage say nothing of the bias dependence. */
function slopeOf(rise: number, run: number): number {
  return Math.abs(run) < 0.002 ? 0 : rise / run;
}

/**
 * How far a step's slope lies outside the range its neighbours allow. Of the four neighbours the middle two make the
 * range: one jump among them does not widen it, and next to a transition it spans the slopes of both states. At the
 * ends, where there are fewer, the closest two do, extended by the trend.
 */
function beyondNeighbours(slopes: Float64Array, i: number): number {
  const last = slopes.length - 1;
  let [low, high] = [0, 0];
  if (i >= 2 && i <= last - 2) {
    [low, high] = middlePair(slopes[i - 2], slopes[i - 1], slopes[i + 1], slopes[i + 2]);
  } else {
    const inward = i < 2 ? 1 : -1;
    const next = slopes[i + inward];
    const trend = 2 * next - slopes[i + 2 * inward];
    low = Math.min(next, trend);
    high = Math.max(next, trend);
  }
  if (slopes[i] < low) return slopes[i] - low;
  return slopes[i] > high ? slopes[i] - high : 0;
}

/** Second and third of four numbers by size. */
function middlePair(a: number, b: number, c: number, d: number): [number, number] {
  const lowest = Math.min(a, b, c, d);
  const highest = Math.max(a, b, c, d);
  // The sum of the middle two and their difference, without sorting: this runs 200 times a cell.
  const sum = a + b + c + d - lowest - highest;
  const second = Math.min(Math.max(a, b), Math.max(c, d), Math.max(Math.min(a, b), Math.min(c, d)));
  return second <= sum - second ? [second, sum - second] : [sum - second, second];
}

/** Median absolute value × 1.4826. */
function robustSigma(values: Float64Array): number {
  const sorted = values.map(Math.abs).sort();
  return 1.4826 * sorted[sorted.length >> 1];
}

function append(jumps: Jump[], jump: Jump): void {
  const last = jumps.at(-1);
  if (last === undefined || last.after !== jump.before || last.size * jump.size < 0) jumps.push(jump);
  else jumps[jumps.length - 1] = { before: last.before, after: jump.after, size: last.size + jump.size };
}
