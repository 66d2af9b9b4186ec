/**
 * The two protection diodes of a CMOS pad: one from the substrate into the pad, one from the pad into the rail.
 * Shockley's law with ideality 1; 1 fA puts 0.5 mA at 0.7 V. Beyond 40 thermal voltages the exponential is continued
 * by its tangent so that a solver cannot overflow.
 */
const SATURATION_AMPS = 1e-15;
/** k_B T / e at 25 °C. */
const THERMAL_VOLTS = 0.025693;
const LINEAR_FROM = 40;

export interface PadRails {
  readonly substrateVolts: number;
  readonly railVolts: number;
}

/** Forward current of one diode, amperes. */
export function diodeAmps(forwardVolts: number): number {
  const x = forwardVolts / THERMAL_VOLTS;
  if (x < -40) return -SATURATION_AMPS;
  if (x > LINEAR_FROM) return SATURATION_AMPS * (Math.exp(LINEAR_FROM) * (1 + x - LINEAR_FROM) - 1);
  return SATURATION_AMPS * (Math.exp(x) - 1);
}

/** dI/dV of one diode, siemens. */
export function diodeSiemens(forwardVolts: number): number {
  const x = forwardVolts / THERMAL_VOLTS;
  return x < -40 ? 0 : (SATURATION_AMPS / THERMAL_VOLTS) * Math.exp(Math.min(x, LINEAR_FROM));
}

/** Current from the pad into its diodes, amperes; positive out of the line. */
export function padAmps(volts: number, { substrateVolts, railVolts }: PadRails): number {
  return diodeAmps(volts - railVolts) - diodeAmps(substrateVolts - volts);
}

export function padSiemens(volts: number, { substrateVolts, railVolts }: PadRails): number {
  return diodeSiemens(volts - railVolts) + diodeSiemens(substrateVolts - volts);
}
