import { DEFAULT_DAMPING_SECONDS } from '../../physics/pulse-switching.ts';
import type { BarrierExponent } from '../../physics/switching.ts';
import type { SeededStream } from '../seeded-stream.ts';

/** The population that junctions are drawn from. σ are relative to the median. */
export interface JunctionPopulation {
  readonly rP: number;
  readonly rAp: number;
  /** σ of ln R, one draw per junction for both states. */
  readonly resistanceSigma: number;
  readonly delta: number;
  readonly deltaSigma: number;
  readonly vC0: number;
  readonly vC0Sigma: number;
  readonly exponent: BarrierExponent;
  readonly dampingSeconds: number;
  /** Share of junctions that never switch. */
  readonly stuckShare: number;
  /** Share of junctions that are shorted: a resistance of `SHORT_OHMS` in either state. None where it is not given. */
  readonly shortedShare?: number;
}

/** Shorts lie between these with a uniform logarithm; the read-out's 1.5 kΩ in series is included. */
const SHORT_OHMS = { least: 1_600, most: 2_500 } as const;

/** Medians of the simulated wafer: V_sw 0.50 V on its default staircase. Spreads as measured within a die. */
export const DEFAULT_JUNCTIONS: JunctionPopulation = {
  rP: 18_000,
  rAp: 40_000,
  resistanceSigma: 0.05,
  delta: 60,
  deltaSigma: 0,
  vC0: 0.64,
  vC0Sigma: 0,
  exponent: 1,
  dampingSeconds: DEFAULT_DAMPING_SECONDS,
  stuckShare: 0,
};

/** Junctions never have less than this share of the median V_c0 or Δ: a wider normal law would reach below 0. */
const SMALLEST_SHARE = 0.25;

/** V_c0 of a junction that never switches: out of reach of any source. */
export const STUCK_VOLTS = 1e3;

export interface Junctions {
  readonly count: number;
  readonly population: JunctionPopulation;
  readonly vC0: Float32Array;
  readonly delta: Float32Array;
  readonly siemensP: Float32Array;
  readonly siemensAp: Float32Array;
  /** 1 parallel, 0 antiparallel. */
  readonly parallel: Uint8Array;
  /** Pulses each junction has had: its endurance count. */
  readonly pulses: Uint32Array;
}

/** Draws junctions, each in a random state. */
export function drawJunctions(count: number, population: JunctionPopulation, stream: SeededStream): Junctions {
  const junctions = {
    count,
    population,
    vC0: new Float32Array(count),
    delta: new Float32Array(count),
    siemensP: new Float32Array(count),
    siemensAp: new Float32Array(count),
    parallel: new Uint8Array(count),
    pulses: new Uint32Array(count),
  };
  for (let d = 0; d < count; d++) {
    junctions.vC0[d] = population.vC0 * share(population.vC0Sigma, stream);
    if (stream.uniform() < population.stuckShare) junctions.vC0[d] = STUCK_VOLTS;
    junctions.delta[d] = population.delta * share(population.deltaSigma, stream);
    const scale = Math.exp(-population.resistanceSigma * stream.normal());
    junctions.siemensP[d] = scale / population.rP;
    junctions.siemensAp[d] = scale / population.rAp;
    junctions.parallel[d] = stream.uniform() < 0.5 ? 1 : 0;
    if (population.shortedShare && stream.uniform() < population.shortedShare) {
      const { least, most } = SHORT_OHMS;
      junctions.siemensP[d] = 1 / (least * (most / least) ** stream.uniform());
      junctions.siemensAp[d] = junctions.siemensP[d];
    }
  }
  return junctions;
}

function share(sigma: number, stream: SeededStream): number {
  for (;;) {
    const drawn = 1 + sigma * stream.normal();
    if (drawn >= SMALLEST_SHARE) return drawn;
  }
}
