import { inverse, Matrix, solve } from 'ml-matrix';

/** Value, gradient and curvature (expected second derivatives, row by row) of what is minimised, at one place. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: readonly number[];
  readonly curvature: readonly (readonly number[])[];
}

export interface Minimum {
  readonly parameters: readonly number[];
  readonly value: number;
  /** Inverse of the curvature at the minimum: the covariance when `evaluate` gives minus the log likelihood. */
  readonly covariance: readonly (readonly number[])[];
}

const MAX_STEPS = 200;
/** Converged when a full step would lower the value by less than this: of −ln L, about 1e-5 standard uncertainties. */
const DECREMENT = 1e-10;

/**
 * Levenberg–Marquardt: Newton steps on the expected curvature (Fisher scoring), damped by λ·diagonal while a step does
 * not improve. `evaluate` gives −ln L (up to a constant), or null for parameters out of bounds. Null when it starts out
 * of bounds, the curvature is singular, or 200 steps do not converge. K. Levenberg 1944, D. Marquardt 1963.
 */
export function minimise(
  evaluate: (parameters: readonly number[]) => Evaluation | null,
  start: readonly number[],
): Minimum | null {
  let parameters = [...start];
  let here = evaluate(parameters);
  let lambda = 1e-3;
  for (let step = 0; here !== null && step < MAX_STEPS; step++) {
    const change = dampedStep(here, lambda);
    if (change === null) return null;
    const decrement = -here.gradient.reduce((sum, slope, i) => sum + slope * change[i], 0) / 2;
    // A small step under heavy damping says nothing; rounding can forbid any improvement at the minimum itself.
    if (decrement < DECREMENT * (1 + lambda)) return finish(parameters, here);
    const next = parameters.map((parameter, i) => parameter + change[i]);
    const there = evaluate(next);
    if (there !== null && there.value <= here.value + ROUNDING * Math.abs(here.value)) {
      [parameters, here] = [next, there];
      lambda = Math.max(lambda / 10, 1e-9);
    } else {
      lambda *= 10;
    }
  }
  return null;
}

/** Two values this close, relative to their size, cannot be told apart. */
const ROUNDING = 1e-14;

function dampedStep({ gradient, curvature }: Evaluation, lambda: number): number[] | null {
  const damped = new Matrix(curvature.map((row, i) => row.map((value, j) => (i === j ? value * (1 + lambda) : value))));
  try {
    const change = solve(damped, Matrix.columnVector(gradient.map((value) => -value))).to1DArray();
    return change.every(Number.isFinite) ? change : null;
  } catch {
    return null;
  }
}

function finish(parameters: number[], { value, curvature }: Evaluation): Minimum | null {
  try {
    const covariance = inverse(new Matrix(curvature.map((row) => [...row]))).to2DArray();
    const sound = covariance.every((row, i) => Number.isFinite(row[i]) && row[i] >= 0);
    return sound ? { parameters, value, covariance } : null;
  } catch {
    return null;
  }
}
