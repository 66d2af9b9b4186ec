/**
 * Dielectric breakdown of the barrier: Weibull lifetime with the E-model, ln η = c − γ_E · |V|. A junction's history of
 * voltages is reduced to one number, its damage D = ∫ dt / η(V); it breaks when D reaches a threshold θ with
 * P(θ < x) = 1 − exp(−x^β), which is the Weibull law for any history.
 */

export interface BreakdownLaw {
  /** Dwell for which V_BD is stated. */
  readonly referenceSeconds: number;
  /** Volts that shorten the life tenfold. */
  readonly voltsPerDecade: number;
  /** Weibull slope β. */
  readonly shape: number;
}

export const DEFAULT_BREAKDOWN_LAW: BreakdownLaw = { referenceSeconds: 1e-3, voltsPerDecade: 0.075, shape: 1.5 };

/** dD/dt, per second, of a junction whose life at `breakdownVolts` is the law's reference time. */
export function damageRate(volts: number, breakdownVolts: number, law: BreakdownLaw): number {
  return 10 ** ((Math.abs(volts) - breakdownVolts) / law.voltsPerDecade) / law.referenceSeconds;
}

/** Threshold θ for a uniform draw u in (0, 1): (−ln u)^(1/β). */
export function damageThreshold(uniform: number, law: BreakdownLaw): number {
  return (-Math.log(uniform)) ** (1 / law.shape);
}

/** F = 1 − exp(−(t/η)^β) at constant voltage. */
export function breakdownProbability(
  seconds: number,
  volts: number,
  breakdownVolts: number,
  law: BreakdownLaw,
): number {
  return -Math.expm1(-((seconds * damageRate(volts, breakdownVolts, law)) ** law.shape));
}
