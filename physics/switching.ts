/**
 * Thermally activated switching under spin-transfer torque (Néel–Brown with a linear, b = 1, or quadratic, b = 2,
 * barrier). Parameters fitted with one exponent must not be used with the other. SI units; `drive` is the voltage in
 * the direction that favours the transition considered (offset taken off), so it is negative where it hinders.
 */

/** Attempt time τ₀, seconds. */
export const ATTEMPT_SECONDS = 1e-9;

export type BarrierExponent = 1 | 2;

/** ln of the rate times τ₀: −Δ · (1 − drive/V_c0)^b; 0 from V_c0 on, where the barrier is gone. */
export function switchingExponent(drive: number, delta: number, vC0: number, exponent: BarrierExponent): number {
  const barrier = 1 - drive / vC0;
  if (barrier <= 0) return 0;
  return -delta * (exponent === 1 ? barrier : barrier * barrier);
}

/** f(V) = (1/τ₀) · exp(−Δ · (1 − V/V_c0)^b), per second. */
export function switchingRate(drive: number, delta: number, vC0: number, exponent: BarrierExponent = 1): number {
  return Math.exp(switchingExponent(drive, delta, vC0, exponent)) / ATTEMPT_SECONDS;
}

/** P_sw(t) = 1 − exp(−t · f). */
export function switchingProbability(
  drive: number,
  seconds: number,
  delta: number,
  vC0: number,
  exponent: BarrierExponent = 1,
): number {
  return -Math.expm1(-seconds * switchingRate(drive, delta, vC0, exponent));
}

/** V_50 of a linear ramp (b = 1), volts: V_c0 · [1 + ln(ln 2 · Δ · τ₀ · r / V_c0) / Δ], from the hazard integral. */
export function rampMedianVolts(voltsPerSecond: number, delta: number, vC0: number): number {
  return vC0 * (1 + Math.log((Math.LN2 * delta * ATTEMPT_SECONDS * voltsPerSecond) / vC0) / delta);
}

/** σ of V_sw on a ramp (b = 1), volts: (π/√6) · V_c0/Δ, a Gumbel law of minima. */
export function rampSigmaVolts(delta: number, vC0: number): number {
  return ((Math.PI / Math.sqrt(6)) * vC0) / delta;
}

/** Probability that a junction has not switched after a staircase: exp(−Σ t · f(V_k)). */
export function staircaseSurvival(
  volts: readonly number[],
  dwellSeconds: number,
  delta: number,
  vC0: number,
  exponent: BarrierExponent = 1,
): number {
  let hazard = 0;
  for (const drive of volts) hazard += dwellSeconds * switchingRate(drive, delta, vC0, exponent);
  return Math.exp(-hazard);
}

/**
 * Median switching voltage of a uniform staircase. A jump first seen at step k happened between V_k − step and V_k and
 * is booked in the middle; the distribution of booked voltages therefore has the value 1 − survival(k) at the edge V_k,
 * and its median lies where the survival, interpolated in the logarithm of the hazard (linear in V for b = 1), is one
 * half. Averaged over the phase of the grid, so that it does not depend on where the steps happen to lie.
 */
export function staircaseMedianVolts(
  stepVolts: number,
  dwellSeconds: number,
  delta: number,
  vC0: number,
  exponent: BarrierExponent = 1,
): number {
  const phases = 16;
  let sum = 0;
  for (let phase = 0; phase < phases; phase++) {
    let volts = (stepVolts * phase) / phases;
    let before = 0;
    let hazard = dwellSeconds * switchingRate(volts, delta, vC0, exponent);
    while (hazard < Math.LN2) {
      volts += stepVolts;
      before = hazard;
      hazard += dwellSeconds * switchingRate(volts, delta, vC0, exponent);
    }
    const fraction = (Math.log(Math.LN2) - Math.log(before)) / (Math.log(hazard) - Math.log(before));
    sum += volts - stepVolts + fraction * stepVolts;
  }
  return sum / phases;
}

/** V_c0 for which a staircase has the wanted median switching voltage; bisection to 1 µV. */
export function vC0ForMedian(
  medianVolts: number,
  stepVolts: number,
  dwellSeconds: number,
  delta: number,
  exponent: BarrierExponent = 1,
): number {
  let low = medianVolts;
  let high = 4 * medianVolts;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (staircaseMedianVolts(stepVolts, dwellSeconds, delta, middle, exponent) < medianVolts) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
