import { pulseProbability } from '../../physics/pulse-switching.ts';
import { ATTEMPT_SECONDS } from '../../physics/switching.ts';
import type { SeededStream } from '../seeded-stream.ts';
import type { Junctions } from './junctions.ts';

/**
 * How a wanted switching probability is set, and where the randomness comes from:
 * - `shared`: one amplitude for all cells from the population's medians; the junction's thermal agitation decides. A junction of
 *   another V_c0 has another probability.
 * - `calibrated`: the amplitude is scaled by each junction's own switching voltage, measured once on ramps; the junction's thermal
 *   agitation decides. Needs one stored number per junction in the pulse generator, none that changes in training.
 * - `gated`: a pseudo-random bit of the generator decides, and an overdriven pulse then switches any junction that the
 *   ceiling allows. The randomness is the generator's, not the junction's.
 */
export type AmplitudePolicy = 'shared' | 'calibrated' | 'gated';

export interface PulseSettings {
  readonly policy: AmplitudePolicy;
  /** Length of a pulse, seconds. */
  readonly seconds: number;
  /** No junction ever sees more, volts. */
  readonly ceilingVolts: number;
  /** Ramps per junction behind a calibrated amplitude. */
  readonly calibrationRamps: number;
}

/** 0.80 V is the hard ceiling of the measurement as well: 0.4 V below the lowest intrinsic breakdown. */
export const DEFAULT_PULSES: PulseSettings = {
  policy: 'calibrated',
  seconds: 1e-4,
  ceilingVolts: 0.8,
  calibrationRamps: 10,
};

/**
 * What each junction's amplitude is multiplied with: 1 for `shared`; for `calibrated` the mean of simulated ramp switching voltages
 * over that of the median junction, with the thermal scatter that so few ramps leave. On a ramp the hazard integral gives
 * V_sw = V_c0·(1 + ln(E·Δ·τ0·r/V_c0)/Δ), E exponentially distributed (b = 1).
 */
export function amplitudeScales(junctions: Junctions, settings: PulseSettings, stream: SeededStream): Float32Array {
  const scales = new Float32Array(junctions.count).fill(1);
  if (settings.policy !== 'calibrated') return scales;
  const { population } = junctions;
  const euler = 0.5772156649;
  const nominal = rampVolts(Math.exp(-euler), population.delta, population.vC0);
  for (let d = 0; d < junctions.count; d++) {
    let sum = 0;
    for (let ramp = 0; ramp < settings.calibrationRamps; ramp++) {
      sum += rampVolts(-Math.log(1 - stream.uniform()), junctions.delta[d], junctions.vC0[d]);
    }
    scales[d] = sum / settings.calibrationRamps / nominal;
  }
  return scales;
}

const RAMP_VOLTS_PER_SECOND = 100;

function rampVolts(exponential: number, delta: number, vC0: number): number {
  return Math.max(
    0,
    vC0 * (1 + Math.log((exponential * delta * ATTEMPT_SECONDS * RAMP_VOLTS_PER_SECOND) / vC0) / delta),
  );
}

/** Amplitude that gives the median junction a wanted probability. */
export class NominalAmplitude {
  readonly #vC0: number;
  readonly #inverseDelta: number;
  readonly #lnAttempts: number;
  readonly #quadratic: boolean;

  constructor({ population }: Junctions, seconds: number) {
    this.#vC0 = population.vC0;
    this.#inverseDelta = 1 / population.delta;
    this.#lnAttempts = Math.log(seconds / ATTEMPT_SECONDS);
    this.#quadratic = population.exponent === 2;
  }

  /** Volts for a wanted probability in (0, 1]; certainty is taken as ten times the hazard of P = 1 − 1/e. */
  volts(probability: number): number {
    const hazard = probability > 0.99995 ? 10 : -Math.log1p(-probability);
    const barrier = Math.max(0, (this.#lnAttempts - Math.log(hazard)) * this.#inverseDelta);
    return this.#vC0 * (1 - (this.#quadratic ? Math.sqrt(barrier) : barrier));
  }
}

/** Switching probability of junction `d` under a drive of `volts` in its favour, volts from 0. */
export function junctionProbability(junctions: Junctions, d: number, volts: number, seconds: number): number {
  const { exponent, dampingSeconds } = junctions.population;
  return pulseProbability(volts, seconds, {
    delta: junctions.delta[d],
    vC0: junctions.vC0[d],
    exponent,
    dampingSeconds,
  });
}
