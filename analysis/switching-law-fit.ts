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
 * Fits P(step) = 1 − exp(−(t/τ0)·exp(−Δ(1 − V/V_c0))) to the steps of the staircase at which a cell switched, by
 * maximum likelihood: each loop survived every lower step and switched at its own. This is the law itself on the
 * staircase as it was, so neither the step width nor the dwell needs a correction. b = 1, τ0 = 1 ns are assumed; Δ and
 * V_c0 are not transferable to another exponent.
 * @param volts |V_sw| of every loop, midpoints between the last step before and the first after.
 * @param steps rising |V| of the staircase, without 0.
 * @param dwellSeconds time on each step.
 * Null where all loops switched at one step, or the fit does not converge.
 */
export function fitSwitchingLaw(
  volts: readonly number[],
  steps: readonly number[],
  dwellSeconds: number,
): SwitchingLaw | null {
  const { switched, survived } = countSteps(volts, steps);
  if (switched.filter((count) => count > 0).length < 2) return null;
  const centre = volts.reduce((sum, value) => sum + value, 0) / volts.length;
  // ln(hazard of a step) = offset + gain·(V − centre): two parameters of about one size, hardly correlated.
  const minimum = minimise((p) => logLikelihood(p, switched, survived, steps, centre), [-0.5, 60]);
  if (minimum === null) return null;
  const [offset, gain] = minimum.parameters;
  if (gain <= 0) return null;
  const [[vOffset, covariance], [, vGain]] = minimum.covariance;
  const delta = Math.log(dwellSeconds / TAU0_SECONDS) - offset + gain * centre;
  const vC0 = delta / gain;
  // ∂Δ = −∂offset + centre·∂gain; ∂V_c0 = (∂Δ − V_c0·∂gain)/gain.
  const deltaVariance = vOffset + centre * centre * vGain - 2 * centre * covariance;
  const lever = centre - vC0;
  const vC0Variance = (vOffset + lever * lever * vGain - 2 * lever * covariance) / (gain * gain);
  return {
    delta,
    deltaUncertainty: Math.sqrt(Math.max(0, deltaVariance)),
    vC0,
    vC0Uncertainty: Math.sqrt(Math.max(0, vC0Variance)),
  };
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

/** Minus the log likelihood, its gradient and expected curvature, with h = exp(offset + gain·x) the hazard of a step. */
function logLikelihood(
  [offset, gain]: readonly number[],
  switched: readonly number[],
  survived: readonly number[],
  steps: readonly number[],
  centre: number,
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
    const hazard = Math.exp(Math.min(50, offset + gain * x));
    const flips = -Math.expm1(-hazard);
    if (switched[i] > 0) value -= switched[i] * Math.log(flips);
    value += survived[i] * hazard;
    // d/dη of −ln L with η = ln h; for h → 0 the ratio h·e^(−h)/(1 − e^(−h)) → 1.
    const ratio = flips === 0 ? 1 : (hazard * Math.exp(-hazard)) / flips;
    const slope = survived[i] * hazard - switched[i] * ratio;
    const information = tried * hazard * ratio;
    gradient[0] += slope;
    gradient[1] += slope * x;
    curvature[0][0] += information;
    curvature[0][1] += information * x;
    curvature[1][0] += information * x;
    curvature[1][1] += information * x * x;
  }
  return Number.isFinite(value) ? { value, gradient, curvature } : null;
}
