import { type Histogram, histogramOf, robustSpread } from './histogram.ts';
import { type Evaluation, minimise } from './levenberg-marquardt.ts';

/** A Gaussian fitted to a histogram, with standard uncertainties. Units are those of the values. */
export interface GaussianFit {
  readonly mean: number;
  readonly meanUncertainty: number;
  readonly sigma: number;
  readonly sigmaUncertainty: number;
  /** Area of the curve, in values. */
  readonly area: number;
  /** Values given, and those outside the fitted window. */
  readonly count: number;
  readonly outside: number;
  /** Pearson's χ² over the bins that expect at least five, and its degrees of freedom. */
  readonly chiSquared: number;
  readonly degreesOfFreedom: number;
  readonly histogram: Histogram;
}

/** Fewer values than this make no histogram worth a fit. */
export const MIN_VALUES = 25;
/** The window reaches this many robust standard deviations from the median; the tails beyond are counted, not fitted. */
const WINDOW_SIGMAS = 4;
/** Bins per standard deviation: fine enough that the shape is resolved, coarse enough to be looked at. */
const BINS_PER_SIGMA = 4;

/**
 * Fits N·Gaussian(μ, σ) to the histogram of the values by maximum likelihood for Poisson counts, with our own
 * Levenberg–Marquardt. A least-squares fit to counts would weigh empty bins wrongly and pull σ down; the likelihood does
 * not, and as the curve is integrated over each bin the result does not depend on the binning. Robust start: median and
 * quartiles. The covariance is the inverse Fisher information, times χ²/ν where that exceeds 1 (the population is not
 * quite Gaussian; then the uncertainties say so). Null with fewer than 25 values or no spread.
 */
export function fitGaussian(values: ArrayLike<number>): GaussianFit | null {
  const sorted = Float64Array.from(values as ArrayLike<number>).sort();
  if (sorted.length < MIN_VALUES) return null;
  const { median, sigma } = robustSpread(sorted);
  if (!(sigma > 0)) return null;
  const reach = WINDOW_SIGMAS * sigma;
  const histogram = histogramOf(sorted, median - reach, median + reach, sigma / BINS_PER_SIGMA);
  const inside = histogram.counts.reduce((sum, count) => sum + count, 0);
  // Scaled by the start, the three parameters are all near 1: N/inside, (μ − median)/σ₀, σ/σ₀.
  const scale = { median, sigma, inside };
  const minimum = minimise((parameters) => deviance(parameters, histogram, scale), [1, 0, 1]);
  if (minimum === null) return null;
  const [area, shift, ratio] = minimum.parameters;
  const { chiSquared, degreesOfFreedom } = pearson(minimum.parameters, histogram, scale);
  const widen = degreesOfFreedom > 0 ? Math.sqrt(Math.max(1, chiSquared / degreesOfFreedom)) : 1;
  return {
    mean: median + shift * sigma,
    meanUncertainty: widen * sigma * Math.sqrt(minimum.covariance[1][1]),
    sigma: ratio * sigma,
    sigmaUncertainty: widen * sigma * Math.sqrt(minimum.covariance[2][2]),
    area: area * inside,
    count: sorted.length,
    outside: sorted.length - inside,
    chiSquared,
    degreesOfFreedom,
    histogram,
  };
}

/** Values per unit of x that the fit expects at x. */
export function gaussianDensity(
  { mean, sigma, area }: Pick<GaussianFit, 'mean' | 'sigma' | 'area'>,
  x: number,
): number {
  const z = (x - mean) / sigma;
  return (area * Math.exp(-0.5 * z * z)) / (sigma * Math.sqrt(2 * Math.PI));
}

interface Scale {
  readonly median: number;
  readonly sigma: number;
  readonly inside: number;
}

/** Expected count of a bin and its derivatives by the three scaled parameters. */
interface Expected {
  readonly count: number;
  readonly slopes: readonly [number, number, number];
}

/** Minus the log likelihood of Poisson counts (up to a constant), with gradient and Fisher information. */
function deviance(parameters: readonly number[], histogram: Histogram, scale: Scale): Evaluation | null {
  const [area, , ratio] = parameters;
  if (!(area > 0) || !(ratio > 0.05)) return null;
  let value = 0;
  const gradient = [0, 0, 0];
  const curvature = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  histogram.counts.forEach((observed, bin) => {
    const { count, slopes } = expected(parameters, histogram, bin, scale);
    value += count - (observed > 0 ? observed * Math.log(count) : 0);
    for (let i = 0; i < 3; i++) {
      gradient[i] += (1 - observed / count) * slopes[i];
      for (let j = 0; j < 3; j++) curvature[i][j] += (slopes[i] * slopes[j]) / count;
    }
  });
  return Number.isFinite(value) ? { value, gradient, curvature } : null;
}

/** Simpson's rule over the bin: at four bins per σ its error is below 1e-5 of the count. */
function expected(parameters: readonly number[], { start, width }: Histogram, bin: number, scale: Scale): Expected {
  const [area, shift, ratio] = parameters;
  const left = (start + bin * width - scale.median) / scale.sigma;
  const span = width / scale.sigma;
  let [count, byShift, byRatio] = [0, 0, 0];
  for (const [place, weight] of SIMPSON) {
    const z = (left + place * span - shift) / ratio;
    const density = (weight * span * Math.exp(-0.5 * z * z)) / (ratio * Math.sqrt(2 * Math.PI));
    count += density;
    byShift += (density * z) / ratio;
    byRatio += (density * (z * z - 1)) / ratio;
  }
  const total = scale.inside;
  const floor = 1e-12 * total;
  return {
    count: area * total * count + floor,
    slopes: [total * count, area * total * byShift, area * total * byRatio],
  };
}

const SIMPSON = [
  [0, 1 / 6],
  [0.5, 4 / 6],
  [1, 1 / 6],
] as const;

/** Bins that expect fewer than five are pooled into one, as the χ² distribution demands. */
function pearson(parameters: readonly number[], histogram: Histogram, scale: Scale) {
  let chiSquared = 0;
  let bins = 0;
  let [restObserved, restExpected] = [0, 0];
  histogram.counts.forEach((observed, bin) => {
    const { count } = expected(parameters, histogram, bin, scale);
    if (count < 5) {
      restObserved += observed;
      restExpected += count;
      return;
    }
    chiSquared += (observed - count) ** 2 / count;
    bins += 1;
  });
  if (restExpected >= 1) {
    chiSquared += (restObserved - restExpected) ** 2 / restExpected;
    bins += 1;
  }
  return { chiSquared, degreesOfFreedom: Math.max(0, bins - 3) };
}
