import { ATTEMPT_SECONDS, type BarrierExponent, switchingExponent } from './switching.ts';

/**
 * What decides whether one pulse reverses one junction. `drive` below is the junction voltage in the direction that
 * favours the reversal, offset taken off; SI units.
 */
export interface SwitchingJunction {
  /** Thermal stability Δ = E_b/(k_B·T). */
  readonly delta: number;
  /** Intrinsic critical voltage, volts. */
  readonly vC0: number;
  /** Exponent b of the barrier. Δ and V_c0 fitted with one exponent must not be used with the other. */
  readonly exponent: BarrierExponent;
  /** τ_D = (1 + α²)/(α·γ·µ0·H_k), seconds: the time scale of precessional reversal. */
  readonly dampingSeconds: number;
}

/** α = 0.02, µ0·H_k = 0.25 T: a perpendicular junction as in the public compact models. */
export const DEFAULT_DAMPING_SECONDS = 1.14e-9;

/**
 * P_sw of one pulse in either regime; of a read as well, with the read voltage as drive (read disturb). Below V_c0 the reversal is thermally activated, above it precessional; the
 * thermal law's attempt time loses its meaning near V_c0, so there it is limited by the precessional value at V_c0. The result is
 * continuous and rises with voltage and time.
 */
export function pulseProbability(drive: number, seconds: number, junction: SwitchingJunction): number {
  const { delta, vC0, exponent } = junction;
  if (drive >= vC0) return 1 - writeErrorRate(drive, seconds, junction);
  const hazard = (seconds / ATTEMPT_SECONDS) * Math.exp(switchingExponent(drive, delta, vC0, exponent));
  return Math.min(-Math.expm1(-hazard), 1 - writeErrorRate(vC0, seconds, junction));
}

/**
 * Probability that a pulse from V_c0 on fails to reverse the junction, with i = V/V_c0 and x = t/τ_D:
 * 1 − exp(−(π²Δ/4)·(i − 1)/(i·e^{2(i−1)x} − 1)), whose tail falls as e^{−2(i−1)x} (W. H. Butler et al., IEEE Trans. Magn. 48,
 * 4684, 2012). At i = 1 the quotient's limit 1/(1 + 2x) is used.
 *
 * @param drive volts, at least V_c0
 */
export function writeErrorRate(
  drive: number,
  seconds: number,
  { delta, vC0, dampingSeconds }: SwitchingJunction,
): number {
  const over = drive / vC0 - 1;
  const x = seconds / dampingSeconds;
  const quotient = over < 1e-9 ? 1 / (1 + 2 * x) : over / ((1 + over) * Math.exp(2 * over * x) - 1);
  return -Math.expm1(-((Math.PI ** 2 * delta) / 4) * quotient);
}
