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

/**
 * Usable points of one half-loop: place in the readings, ln(I/V) and |V|, and what is worked out from step to step. Made
 * once: a course is done with before the next one begins, and this runs for every half of every cell.
 */
interface Course {
  readonly index: Int32Array;
  readonly logG: Float64Array;
  readonly bias: Float64Array;
  readonly slopes: Float64Array;
  readonly excess: Float64Array;
  readonly sorted: Float64Array;
}

let course = courseFor(128);

function courseFor(points: number): Course {
  return {
    index: new Int32Array(points),
    logG: new Float64Array(points),
    bias: new Float64Array(points),
    slopes: new Float64Array(points),
    excess: new Float64Array(points),
    sorted: new Float64Array(points),
  };
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
  const points = half.end - half.start;
  if (points > course.index.length) course = courseFor(2 * points);
  const { index, logG, bias, slopes, excess } = course;
  const steps = followCourse(readings, half, course) - 1;
  if (steps < 5) return { jumps: [], scatter: 0 };
  for (let i = 0; i < steps; i++) slopes[i] = slopeOf(logG[i + 1] - logG[i], bias[i + 1] - bias[i]);
  for (let i = 0; i < steps; i++) excess[i] = beyondNeighbours(slopes, steps, i) * (bias[i + 1] - bias[i]);
  const scatter = robustSigma(course, steps);
  const jumps: Jump[] = [];
  for (let i = 0; i < steps; i++) {
    const size = excess[i];
    // Most steps are far below any jump: the noise at their currents need not be looked at.
    if (!(Math.abs(size) > MIN_JUMP)) continue;
    const before = index[i];
    const after = index[i + 1];
    const smallest = Math.min(Math.abs(readings.amps[before]), Math.abs(readings.amps[after]));
    const sigma = Math.max(scatter, (noiseAmps * Math.SQRT2) / smallest);
    if (Math.abs(size) > JUMP_SIGMAS * sigma) append(jumps, { before, after, size });
  }
  return { jumps, scatter };
}

/**
 * Notes the points whose current has the sign of their voltage and returns how many they are: the others (noise around an
 * open) have no conductance.
 */
function followCourse(
  { volts, amps, flags }: Readings,
  { start, end }: HalfLayout,
  { index, logG, bias }: Course,
): number {
  let points = 0;
  for (let i = start; i < end; i++) {
    const v = volts[i];
    if (flags[i] & UNUSABLE_POINT || Math.abs(v) < MIN_VOLTS || v * amps[i] <= 0) continue;
    index[points] = i;
    logG[points] = Math.log(amps[i] / v);
    bias[points] = Math.abs(v);
    points += 1;
  }
  return points;
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
function beyondNeighbours(slopes: Float64Array, steps: number, i: number): number {
  const last = steps - 1;
  let low: number;
  let high: number;
  if (i >= 2 && i <= last - 2) {
    const a = slopes[i - 2];
    const b = slopes[i - 1];
    const c = slopes[i + 1];
    const d = slopes[i + 2];
    // The middle two of four: the larger of the two pairs' smaller ones, and the smaller of their larger ones.
    const first = Math.max(Math.min(a, b), Math.min(c, d));
    const second = Math.min(Math.max(a, b), Math.max(c, d));
    low = Math.min(first, second);
    high = Math.max(first, second);
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

/** Median absolute value × 1.4826. */
function robustSigma({ excess, sorted }: Course, steps: number): number {
  for (let i = 0; i < steps; i++) sorted[i] = Math.abs(excess[i]);
  return 1.4826 * smallestAfter(sorted, steps, steps >> 1);
}

/** What would stand at `rank` if the first `count` values were sorted (Hoare's selection); leaves them in another order. */
function smallestAfter(values: Float64Array, count: number, rank: number): number {
  let from = 0;
  let to = count - 1;
  while (from < to) {
    const pivot = values[(from + to) >> 1];
    let i = from;
    let j = to;
    while (i <= j) {
      while (values[i] < pivot) i += 1;
      while (values[j] > pivot) j -= 1;
      if (i > j) break;
      const swap = values[i];
      values[i++] = values[j];
      values[j--] = swap;
    }
    if (rank <= j) to = j;
    else if (rank >= i) from = i;
    else break;
  }
  return values[rank];
}

function append(jumps: Jump[], jump: Jump): void {
  const last = jumps.at(-1);
  if (last === undefined || last.after !== jump.before || last.size * jump.size < 0) jumps.push(jump);
  else jumps[jumps.length - 1] = { before: last.before, after: jump.after, size: last.size + jump.size };
}
