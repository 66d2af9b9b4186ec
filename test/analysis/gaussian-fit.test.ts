import { randomNormal } from 'd3-random';
import { levenbergMarquardt } from 'ml-levenberg-marquardt';
import { describe, expect, it } from 'vitest';
import { fitGaussian, gaussianDensity } from '../../analysis/gaussian-fit.ts';
import { seededSource } from './synthetic-sweeps.ts';

function sample(n: number, seed: number, mean = 18_000, sigma = 900): Float64Array {
  const draw = randomNormal.source(seededSource(seed))(mean, sigma);
  return Float64Array.from({ length: n }, draw);
}

describe('the Gaussian fit', () => {
  it('agrees with an independent Levenberg–Marquardt (unweighted least squares) on the same histogram', () => {
    const fit = fitGaussian(sample(20_000, 3));
    if (fit === null) throw new Error('no fit');
    // In units of the population, so that the oracle's numerical gradient sees parameters near 1.
    const { start, width, counts } = fit.histogram;
    const z = (at: number) => (at - 18_000) / 900;
    const x = counts.map((_, i) => z(start + (i + 0.5) * width));
    const curve = (area: number, mean: number, sigma: number) => (at: number) =>
      (width / 900) * gaussianDensity({ area: area * 20_000, mean, sigma }, at);
    const oracle = levenbergMarquardt({ x, y: [...counts] }, ([area, mean, sigma]) => curve(area, mean, sigma), {
      initialValues: [0.9, 0.2, 1.2],
      maxIterations: 300,
      gradientDifference: 1e-4,
      centralDifference: true,
    });
    const mean = 18_000 + 900 * oracle.parameterValues[1];
    const sigma = 900 * oracle.parameterValues[2];
    expect(Math.abs(mean - fit.mean)).toBeLessThan(2 * fit.meanUncertainty);
    expect(Math.abs(sigma - fit.sigma)).toBeLessThan(2 * fit.sigmaUncertainty);
  });

  it('covers the truth as often as its intervals say', () => {
    const trials = 400;
    const hits = { mean: 0, sigma: 0 };
    for (let seed = 1; seed <= trials; seed++) {
      const fit = fitGaussian(sample(800, seed));
      if (fit === null) throw new Error('no fit');
      if (Math.abs(fit.mean - 18_000) < 1.96 * fit.meanUncertainty) hits.mean += 1;
      if (Math.abs(fit.sigma - 900) < 1.96 * fit.sigmaUncertainty) hits.sigma += 1;
    }
    // 95 % nominal; ±3 standard deviations of a binomial of 400 are ±3.3 %. Widening by χ² makes the intervals a bit long.
    for (const covered of [hits.mean, hits.sigma]) {
      expect(covered / trials).toBeGreaterThan(0.917);
      expect(covered / trials).toBeLessThanOrEqual(0.99);
    }
  });

  it('is not moved by a far population, and counts it as outside', () => {
    const clean = fitGaussian(sample(5_000, 7));
    const spoiled = fitGaussian([...sample(5_000, 7), ...sample(250, 8, 40_000, 500)]);
    if (clean === null || spoiled === null) throw new Error('no fit');
    expect(Math.abs(spoiled.mean - clean.mean)).toBeLessThan(clean.meanUncertainty);
    expect(Math.abs(spoiled.sigma - clean.sigma)).toBeLessThan(2 * clean.sigmaUncertainty);
    expect(spoiled.outside).toBeGreaterThanOrEqual(250);
  });

  it('widens its uncertainties where the population is not Gaussian', () => {
    const two = Float64Array.from([...sample(5_000, 1, 17_000, 500), ...sample(5_000, 2, 19_000, 500)]);
    const fit = fitGaussian(two);
    if (fit === null) throw new Error('no fit');
    expect(fit.chiSquared / fit.degreesOfFreedom).toBeGreaterThan(5);
    expect(fit.meanUncertainty).toBeGreaterThan((2 * fit.sigma) / Math.sqrt(10_000));
  });

  it('needs enough values with a spread', () => {
    expect(fitGaussian(sample(24, 1))).toBeNull();
    expect(fitGaussian(new Float64Array(100).fill(5))).toBeNull();
  });
});
