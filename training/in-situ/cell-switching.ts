import { ATTEMPT_SECONDS, type BarrierExponent } from '../../physics/switching.ts';
import type { AmplitudePolicy } from './amplitude.ts';

/** Constants of one junction's thermal law; the offset raises V_sw towards P and lowers it towards AP. */
export interface JunctionLaw {
  readonly delta: number;
  readonly vC0: number;
  readonly offsetVolts: number;
}

/** The law of a die: medians, and each junction's own constants where they were measured. */
export interface SwitchingOfDie {
  readonly exponent: BarrierExponent;
  readonly median: JunctionLaw;
  readonly junctions: ReadonlyMap<number, JunctionLaw>;
}

/** Voltages that set a wanted probability on the junctions of a die; where the randomness comes from is the policy's. */
export class CellAmplitudes {
  readonly policy: AmplitudePolicy;
  readonly ceilingVolts: number;
  /** Overdrive of a gated pulse. */
  readonly gateVolts: number;
  readonly #switching: SwitchingOfDie;
  readonly #lnAttempts: number;

  constructor(
    switching: SwitchingOfDie,
    policy: AmplitudePolicy,
    limits: { readonly ceilingVolts: number; readonly gateVolts: number },
    pulseSeconds: number,
  ) {
    this.policy = policy;
    this.ceilingVolts = limits.ceilingVolts;
    this.gateVolts = limits.gateVolts;
    this.#switching = switching;
    this.#lnAttempts = Math.log(pulseSeconds / ATTEMPT_SECONDS);
  }

  /** Volts for a probability in (0, 1], before the ceiling; certainty is taken as a hazard of ten. */
  volts(cell: number, towards: 'P' | 'AP', probability: number): number {
    if (this.policy === 'gated') return this.gateVolts;
    const { median, junctions, exponent } = this.#switching;
    const { delta, vC0, offsetVolts } = this.policy === 'shared' ? median : (junctions.get(cell) ?? median);
    const hazard = probability > 0.99995 ? 10 : -Math.log1p(-probability);
    const barrier = Math.max(0, (this.#lnAttempts - Math.log(hazard)) / delta);
    const drive = vC0 * (1 - (exponent === 2 ? Math.sqrt(barrier) : barrier));
    return Math.max(0, drive + (towards === 'P' ? offsetVolts : -offsetVolts));
  }
}
