import type { Readings } from '../wafer/sweep.ts';

/** Least-squares line I = intercept + slope·V through some points of a sweep. Slope in siemens. */
export interface LineFit {
  /** Points used. */
  readonly n: number;
  readonly slope: number;
  readonly intercept: number;
  /** Sum of squared deviations of V from its mean, V². */
  readonly sVV: number;
  /** Residual sum of squares, A². */
  readonly rss: number;
}

/**
 * Fits the points at `indices` whose flags have none of the `unusable` bits. Null with fewer than two usable points or
 * a single voltage: no slope exists then.
 */
export function fitLine(readings: Readings, indices: ArrayLike<number>, unusable: number): LineFit | null {
  const { volts, amps, flags } = readings;
  let n = 0;
  let sumV = 0;
  let sumI = 0;
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k];
    if (flags[i] & unusable) continue;
    n += 1;
    sumV += volts[i];
    sumI += amps[i];
  }
  if (n < 2) return null;
  const meanV = sumV / n;
  const meanI = sumI / n;
  let sVV = 0;
  let sVI = 0;
  let sII = 0;
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k];
    if (flags[i] & unusable) continue;
    const dv = volts[i] - meanV;
    const di = amps[i] - meanI;
    sVV += dv * dv;
    sVI += dv * di;
    sII += di * di;
  }
  if (sVV < 1e-12) return null;
  const slope = sVI / sVV;
  // Cancellation can leave a tiny negative remainder on noiseless data.
  return { n, slope, intercept: meanI - slope * meanV, sVV, rss: Math.max(0, sII - slope * sVI) };
}

/** Noise pooled over several fits made under the same settings, seen as current noise and as voltage noise. */
export interface PooledNoise {
  /** Standard deviation of one reading if all of it were current noise, amperes. */
  readonly amps: number;
  /** Standard deviation of one reading if all of it were voltage noise, volts. */
  readonly volts: number;
  readonly degreesOfFreedom: number;
}

/** Root of the summed residuals over the summed degrees of freedom (n − 2 each); null with none. */
export function pooledNoise(fits: readonly (LineFit | null)[]): PooledNoise | null {
  let rssAmps = 0;
  let rssVolts = 0;
  let degreesOfFreedom = 0;
  for (const fit of fits) {
    if (fit === null || fit.n < 3) continue;
    rssAmps += fit.rss;
    rssVolts += fit.slope === 0 ? 0 : fit.rss / (fit.slope * fit.slope);
    degreesOfFreedom += fit.n - 2;
  }
  if (degreesOfFreedom === 0) return null;
  const rms = (rss: number) => Math.sqrt(rss / degreesOfFreedom);
  return { amps: rms(rssAmps), volts: rms(rssVolts), degreesOfFreedom };
}

/**
 * Standard uncertainty of a fit's slope, siemens. Pooling gives more degrees of freedom than one block of four points
 * has, but it must not assume which noise the bench has: current noise is the same in both states, voltage noise acts
 * as slope × volts. The larger of the two readings of the residuals is taken, so that the interval is honest for
 * either. With few degrees of freedom ν the scatter is an underestimate: the standard deviation of the t distribution,
 * √(ν/(ν − 2)), is applied (GUM Supplement 1, JCGM 101:2008, 6.4.9); for ν ≤ 2 that has no value and ν = 3 is used.
 * `floorAmps` is the stated noise floor of one reading, added in quadrature: quantisation makes residuals vanish
 * without making a reading exact. Gain errors of the instrument are not in it: they do not average out and are stated
 * by its calibration.
 */
export function slopeUncertainty(fit: LineFit, noise: PooledNoise | null, floorAmps: number): number {
  const nu = Math.max(3, noise?.degreesOfFreedom ?? 3);
  const scatter = Math.max(noise?.amps ?? 0, (noise?.volts ?? 0) * Math.abs(fit.slope)) * Math.sqrt(nu / (nu - 2));
  return Math.sqrt((scatter * scatter + floorAmps * floorAmps) / fit.sVV);
}
