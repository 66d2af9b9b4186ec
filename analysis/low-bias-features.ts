import { PointFlag, UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Readings } from '../wafer/sweep.ts';
import type { Level } from './cell-levels.ts';
import { limitedConductance } from './limited-conductance.ts';
import { fitLine, pooledNoise, slopeUncertainty } from './line-fit.ts';
import type { QuietLayout } from './programme-layout.ts';

/** What a sweep without a loop says: the linearity check of a short, or the repeated pre-read of an open. */
export interface LowBiasFeatures {
  readonly level: Level | null;
  /** I(V) departs from a straight line by more than scatter explains. */
  readonly nonlinear: boolean;
  readonly noiseAmps: number | null;
  readonly partnerLimited: boolean;
}

/** Departure from the line, as a fraction of the largest current, from which I(V) counts as nonlinear. */
const NONLINEAR_FRACTION = 0.02;
const LIMITED_UNCERTAINTY = 0.05;

/**
 * Resistance and linearity to ±50 mV. The second part of the sweep decides, both parts where the second has no usable
 * point; where every point is in current limit (a few ohms) the measured V and I of those points do.
 */
export function lowBiasFeatures(readings: Readings, layout: QuietLayout, floorAmps: number): LowBiasFeatures {
  const second = fitLine(readings, layout.second, UNUSABLE_POINT);
  const indices = second === null ? layout.preRead : layout.second;
  const fit = second ?? fitLine(readings, layout.preRead, UNUSABLE_POINT);
  const partnerLimited = readings.flags.some((flags) => flags & PointFlag.partnerLimited);
  if (fit === null) {
    const siemens = limitedConductance(readings, layout.second) ?? limitedConductance(readings, layout.preRead);
    const level =
      siemens === null
        ? null
        : ({ siemens, uncertainty: LIMITED_UNCERTAINTY * Math.abs(siemens), source: 'limited' } as const);
    return { level, nonlinear: false, noiseAmps: null, partnerLimited };
  }
  const noise = pooledNoise([fit]);
  const level: Level = { siemens: fit.slope, uncertainty: slopeUncertainty(fit, noise, floorAmps), source: 'block' };
  const nonlinear = departure(readings, indices, fit.slope, fit.intercept) > NONLINEAR_FRACTION;
  return { level, nonlinear, noiseAmps: noise?.amps ?? null, partnerLimited };
}

/**
 * Largest departure from the line over the largest current, using the mean of the readings at one voltage, so that a
 * repeated list averages its noise. Meaningless (0) where the current itself is within its noise, as for an open.
 */
function departure({ volts, amps, flags }: Readings, indices: Int32Array, slope: number, intercept: number): number {
  const byVolts = new Map<number, { sum: number; n: number; volts: number }>();
  let largest = 0;
  for (const i of indices) {
    if (flags[i] & UNUSABLE_POINT) continue;
    const key = Math.round(volts[i] * 1000);
    const group = byVolts.get(key) ?? { sum: 0, n: 0, volts: volts[i] };
    group.sum += amps[i] - (slope * volts[i] + intercept);
    group.n += 1;
    byVolts.set(key, group);
    largest = Math.max(largest, Math.abs(amps[i]));
  }
  if (largest < MIN_AMPS_FOR_LINEARITY) return 0;
  return Math.max(0, ...Array.from(byVolts.values(), ({ sum, n }) => Math.abs(sum / n) / largest));
}

/** Below 1 µA at 50 mV (50 kΩ) the check says nothing: it is meant for shorts. */
const MIN_AMPS_FOR_LINEARITY = 1e-6;
