import { type Evaluation, minimise } from './levenberg-marquardt.ts';

/** Parameters of the thermal switching law with standard uncertainties. */
export interface SwitchingLaw {
  readonly delta: number;
  readonly deltaUncertainty: number;
  /** Intrinsic critical voltage, volts: where the barrier is gone. Not a measured switching voltage. */
  readonly vC0: number;
  readonly vC0Uncertainty: number;
}

/** Attempt time of the thermal law; the usual convention, and Δ shifts by ln of any other choice. */
const TAU0_SECONDS = 1e-9;

/**
 * Fits P(step) = 1 − exp(−(t/τ0)·exp(−Δ(1 − V/V_c0)^b)) to the steps of the staircase at which a cell switched, by
 * maximum likelihood: each loop survived every lower step and switched at its own. This is the law itself on the
 * staircase as it was, so neither the step width nor the dwell needs a correction. τ0 = 1 ns is assumed; Δ and V_c0 are
 * not transferable from one exponent b to another.
 * @param volts |V_sw| of every loop, midpoints between the last step before and the first after.
 * @param steps rising |V| of the staircase, without 0.
 * @param dwellSeconds time on each step.
 * @param exponent b: 1 is usual; 2 is the barrier of a single free layer (Taniguchi and Imamura, arXiv 1204.2004).
 * Null where all loops switched at one step, or the fit does not converge.
 */
export function fitSwitchingLaw(
  volts: readonly number[],
  steps: readonly number[],
  dwellSeconds: number,
  exponent: 1 | 2 = 1,
): SwitchingLaw | null {
  const { switched, survived } = countSteps(volts, steps);
  if (switched.filter((count) => count > 0).length < 2) return null;
  const centre = volts.reduce((sum, value) => sum + value, 0) / volts.length;
  const barrier = (exponent === 1 ? linearBarrier : quadraticBarrier)(Math.log(dwellSeconds / TAU0_SECONDS));
  const minimum = minimise((p) => logLikelihood(p, switched, survived, steps, centre, barrier), barrier.start);
  return minimum === null ? null : barrier.law(minimum.parameters, minimum.covariance, centre);
}

/** ln of a step's hazard as a function of two parameters of about one size, hardly correlated, and x = V − centre. */
interface Barrier {
  readonly start: readonly number[];
  lnHazard(parameters: readonly number[], x: number): number;
  slopes(parameters: readonly number[], x: number): readonly [number, number];
  law(parameters: readonly number[], covariance: Covariance, centre: number): SwitchingLaw | null;
}

type Covariance = readonly (readonly number[])[];

/** b = 1: ln h = offset + gain·x. */
function linearBarrier(lnAttempts: number): Barrier {
  return {
    start: [-0.5, 60],
    lnHazard: ([offset, gain], x) => offset + gain * x,
    slopes: (_, x) => [1, x],
    law: ([offset, gain], covariance, centre) => {
      if (gain <= 0) return null;
      const delta = lnAttempts - offset + gain * centre;
      const vC0 = delta / gain;
      // ∂Δ = −∂offset + centre·∂gain; ∂V_c0 = (∂Δ − V_c0·∂gain)/gain.
      return {
        delta,
        deltaUncertainty: propagated([-1, centre], covariance),
        vC0,
        vC0Uncertainty: propagated([-1 / gain, (centre - vC0) / gain], covariance),
      };
    },
  };
}

/** b = 2: ln h = ln(t/τ0) − (root − gain·x)², root = √Δ·(1 − centre/V_c0), gain = √Δ/V_c0; no barrier left beyond V_c0. */
function quadraticBarrier(lnAttempts: number): Barrier {
  const left = ([root, gain]: readonly number[], x: number) => Math.max(0, root - gain * x);
  const start = Math.sqrt(Math.max(1, lnAttempts + 0.5));
  return {
    start: [start, 30 / start],
    lnHazard: (parameters, x) => lnAttempts - left(parameters, x) ** 2,
    slopes: (parameters, x) => [-2 * left(parameters, x), 2 * x * left(parameters, x)],
    law: ([root, gain], covariance, centre) => {
      if (gain <= 0 || root <= 0) return null;
      const rootOfDelta = root + gain * centre;
      return {
        delta: rootOfDelta ** 2,
        deltaUncertainty: propagated([2 * rootOfDelta, 2 * rootOfDelta * centre], covariance),
        vC0: rootOfDelta / gain,
        vC0Uncertainty: propagated([1 / gain, -root / gain ** 2], covariance),
      };
    },
  };
}

/** Standard uncertainty of a quantity with these derivatives by the two parameters. */
function propagated([a, b]: readonly [number, number], [[aa, ab], [, bb]]: Covariance): number {
  return Math.sqrt(Math.max(0, a * a * aa + 2 * a * b * ab + b * b * bb));
}

function countSteps(volts: readonly number[], steps: readonly number[]) {
  const switched = new Array<number>(steps.length).fill(0);
  const survived = new Array<number>(steps.length).fill(0);
  for (const value of volts) {
    const at = steps.findIndex((step) => step > value);
    if (at === -1) continue;
    switched[at] += 1;
    for (let i = 0; i < at; i++) survived[i] += 1;
  }
  return { switched, survived };
}

/** Minus the log likelihood, its gradient and expected curvature. */
function logLikelihood(
  parameters: readonly number[],
  switched: readonly number[],
  survived: readonly number[],
  steps: readonly number[],
  centre: number,
  barrier: Barrier,
): Evaluation | null {
  let value = 0;
  const gradient = [0, 0];
  const curvature = [
    [0, 0],
    [0, 0],
  ];
  for (let i = 0; i < steps.length; i++) {
    const tried = switched[i] + survived[i];
    if (tried === 0) continue;
    const x = steps[i] - centre;
    const hazard = Math.exp(Math.min(50, barrier.lnHazard(parameters, x)));
    const flips = -Math.expm1(-hazard);
    if (switched[i] > 0) value -= switched[i] * Math.log(flips);
    value += survived[i] * hazard;
    // d/dη of −ln L with η = ln h; for h → 0 the ratio h·e^(−h)/(1 − e^(−h)) → 1.
    const ratio = flips === 0 ? 1 : (hazard * Math.exp(-hazard)) / flips;
    const slope = survived[i] * hazard - switched[i] * ratio;
    const information = tried * hazard * ratio;
    const slopes = barrier.slopes(parameters, x);
    for (const j of [0, 1]) {
      gradient[j] += slope * slopes[j];
      for (const k of [0, 1]) curvature[j][k] += information * slopes[j] * slopes[k];
    }
  }
  return Number.isFinite(value) ? { value, gradient, curvature } : null;
}
