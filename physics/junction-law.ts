/**
 * The resistance of one magnetic tunnel junction. Sources: TMR roll-off as in the public compact models of
 * perpendicular junctions (HSPICE PMAMTJ, Verilog-A PMA-MTJ); the weak parabola of the parallel state is the usual
 * low-voltage expansion of a tunnel barrier. SI units; volts across the junction itself, column minus row.
 */

/** Bias dependence, one pair of constants for a whole wafer. */
export interface BiasLaw {
  /** Voltage at which the TMR has fallen to half its zero-bias value. */
  readonly tmrHalfVolts: number;
  /** Voltage at which the parallel conductance has doubled. 2.5 V: the parallel resistance falls by 4 % up to 0.5 V. */
  readonly parabolaVolts: number;
}

export const DEFAULT_BIAS_LAW: BiasLaw = { tmrHalfVolts: 0.5, parabolaVolts: 2.5 };

/** TMR(V) = TMR₀ / (1 + (V/V_h)²), dimensionless. */
export function tmrAt(tmrAtZero: number, volts: number, tmrHalfVolts: number): number {
  return tmrAtZero / (1 + (volts / tmrHalfVolts) ** 2);
}

/** R_P(V) = R_P / (1 + (V/V_p)²), ohms. */
export function parallelOhms(rP: number, volts: number, parabolaVolts: number): number {
  return rP / (1 + (volts / parabolaVolts) ** 2);
}

/** R_AP(V) = R_P(V) · (1 + TMR(V)), ohms. */
export function antiparallelOhms(rP: number, tmrAtZero: number, volts: number, law: BiasLaw): number {
  return parallelOhms(rP, volts, law.parabolaVolts) * (1 + tmrAt(tmrAtZero, volts, law.tmrHalfVolts));
}
