import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../../training/figures/bootstrap.ts';
import { figure2 } from '../../training/figures/figure-2.ts';
import { figure3b } from '../../training/figures/figure-3b.ts';
import { boxStatistics, mean, quantile, standardDeviation } from '../../training/figures/order-statistics.ts';
import { badCells, isOutlier, outlierRule } from '../../training/figures/outlier-dies.ts';
import { writeReproduction } from '../../training/figures/write-reproduction.ts';
import { seededStream } from '../../training/seeded-stream.ts';
import { dieWith } from './mapped-dies.ts';

const folder = mkdtempSync(join(tmpdir(), 'figures-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the numbers of a box plot', () => {
  it('are the quantiles of the values', () => {
    const box = boxStatistics(Array.from({ length: 101 }, (_, i) => 100 - i));
    expect(box).toEqual({ count: 101, p5: 5, q1: 25, median: 50, q3: 75, p95: 95, mean: 50 });
  });

  it('are ordered, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
        const { p5, q1, median, q3, p95 } = boxStatistics(values);
        const five = [p5, q1, median, q3, p95];
        expect([...five].sort((a, b) => a - b)).toEqual(five);
        expect(p5).toBeGreaterThanOrEqual(Math.min(...values));
        expect(p95).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });
});

describe('a bootstrap interval', () => {
  it('covers the true mean about 95 times in 100', () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const stream = seededStream(trial, 1);
      const sample = Array.from({ length: 36 }, () => 5 + stream.normal());
      const { low, high } = bootstrapInterval(sample, mean, stream, 400);
      if (low <= 5 && 5 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThan(176);
    expect(covered).toBeLessThan(199);
  });
});

/** A die with n bad cells. */
const dieWithBad = (bad: number, ordinal: number) => ({
  ...dieWith(Array.from({ length: bad }, (_, cell) => ({ cell, class: 'open' as const }))),
  die: { ordinal, x: ordinal, y: 0 },
});
const models = [3, 4, 5, 4, 3, 60, 4].map(dieWithBad);
const rule = outlierRule(models, 3);

describe('the rule for outlier dies', () => {
  it('looks at bad cells alone and says what it did', () => {
    expect(models.map(badCells)).toEqual([3, 4, 5, 4, 3, 60, 4]);
    expect(models.filter((model) => isOutlier(model, rule)).map(({ die }) => die.ordinal)).toEqual([5]);
    expect(rule.text).toContain('median 4 + 3 × 1.5');
  });

  it('calls nobody an outlier among equals, and can be loosened', () => {
    const equals = [4, 4, 4, 5].map(dieWithBad);
    expect(equals.some((model) => isOutlier(model, outlierRule(equals, 3)))).toBe(false);
    expect(models.some((model) => isOutlier(model, outlierRule(models, 60)))).toBe(false);
  });
});

describe('figures 2', () => {
  const errors = models.map((_, die) => [4 + die, 5 + die, 6 + die]);
  const figure = figure2('2c', models, errors, [4, 4.2, 4.4], rule);

  it('have a box a die and a summary with and without outliers', () => {
    expect(figure.dies[2].box.median).toBe(7);
    expect(figure.summary.all).toMatchObject({ dies: 7, mean: 8, worst: 11 });
    expect(figure.summary.withoutOutliers).toMatchObject({ dies: 6, worst: 11 });
    expect(figure.summary.withoutOutliers.mean).toBeCloseTo(mean([5, 6, 7, 8, 9, 11]), 9);
  });

  it('are written as data and as pictures that show every die', () => {
    const reproduction = { figure, errors, baselineErrors: [4, 4.2, 4.4], solutionIds: ['a', 'b', 'c'] };
    const [csv, json, svg, png] = writeReproduction(folder, reproduction, 'made for a test', { seed: 1 }).map((file) =>
      readFileSync(file),
    );
    const lines = csv.toString().trim().split('\n');
    expect(lines).toHaveLength(9);
    expect(lines[1]).toMatch(/^software,,,,,3,4\.02,/);
    expect(lines[7].split(',').slice(0, 5)).toEqual(['5', '5', '0', '60', '1']);
    expect(JSON.parse(json.toString())).toMatchObject({ provenance: { seed: 1 }, errors });
    expect(svg.toString()).toContain('Defect-free solutions emulated on each die');
    expect(svg.toString()).not.toMatch(/href="http|url\(http/);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(2320);
  });
});

describe('figure 3b', () => {
  const sweep = [0, 5, 10].map((wSat) => ({
    wSat,
    software: 4.4,
    perDie: models.map((_, die) => 6 + die - wSat / 10 + (die === 5 ? 40 : 0)),
  }));
  const figure = figure3b(models, sweep, 4.2, 0.001, rule);

  it('leaves the outliers out of mean, Δ and 1/α, and keeps them in the curves', () => {
    const inliers = [6, 7, 8, 9, 10, 12];
    const [first] = figure.points;
    expect(first.mean).toBeCloseTo(mean(inliers), 9);
    expect(first.delta).toBeCloseTo(mean(inliers) - 4.2, 9);
    expect(first.sigma).toBeCloseTo(standardDeviation(inliers), 9);
    expect(first.inverseAlpha).toBeCloseTo(mean(inliers) / standardDeviation(inliers), 9);
    expect(first.all.worst).toBe(51);
    expect([figure.bestDie, figure.worstDie, figure.bestOfSweep]).toEqual([0, 5, 10]);
  });

  it('states the uncertainty of 1/α that resampled normal dies show', () => {
    const [n, mu, sigma] = [30, 8, 2];
    const ratios = Array.from({ length: 3000 }, (_, trial) => {
      const stream = seededStream(trial, 2);
      const sample = Array.from({ length: n }, () => mu + sigma * stream.normal());
      return mean(sample) / standardDeviation(sample);
    });
    const many = Array.from({ length: n }, (_, die) => dieWithBad(3, die));
    const stream = seededStream(1);
    const perDie = many.map(() => mu + sigma * stream.normal());
    const stated = figure3b(many, [{ wSat: 0, software: 4, perDie }], 4, 0, outlierRule(many)).points[0];
    const relative = stated.inverseAlphaError / stated.inverseAlpha;
    expect(Math.abs(relative / (standardDeviation(ratios) / mean(ratios)) - 1)).toBeLessThan(0.12);
  });

  it('is written with a line a point and a column a die', () => {
    const reproduction = { figure, errors: sweep.map(({ perDie }) => perDie), baselineErrors: [4.2], solutionIds: [] };
    const [csvFile, , svgFile] = writeReproduction(folder, reproduction, 'best of sweep is optimistic', {});
    const [head, ...lines] = readFileSync(csvFile, 'utf8').trim().split('\n');
    expect(head.split(',')).toHaveLength(12 + 7);
    expect(lines.map((line) => line.split(',')[0])).toEqual(['0', '5', '10']);
    expect(readFileSync(svgFile, 'utf8')).toContain('best of sweep is optimistic');
  });
});

describe('quantiles', () => {
  it('interpolate between values', () => {
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
