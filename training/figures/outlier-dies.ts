import type { DieModel } from '../../analysis/die-model.ts';
import { cellCount } from '../../wafer/geometry.ts';
import { quantile } from './order-statistics.ts';

/** A normal distribution's standard deviation in median absolute deviations. */
const SIGMAS_PER_MAD = 1.4826;

/** Deviations from the median beyond which a die is an outlier. Which dies the paper left out is not published. */
export const DEFAULT_OUTLIER_FACTOR = 3;

export interface OutlierRule {
  readonly factor: number;
  /** Bad cells beyond which a die is an outlier. */
  readonly threshold: number;
  /** The rule in words with its numbers, printed before any result. */
  readonly text: string;
}

/**
 * The rule, fixed by the dies' counts of bad cells alone, before any network is evaluated: a die is an outlier with more
 * bad cells than median + factor · 1.4826 · MAD of its fleet. Bad is every cell that is not healthy.
 */
export function outlierRule(models: readonly DieModel[], factor: number = DEFAULT_OUTLIER_FACTOR): OutlierRule {
  const counts = models.map(badCells);
  const median = quantile(counts, 0.5);
  const deviations = counts.map((count) => Math.abs(count - median));
  // A fleet of equal dies has a MAD of 0; one cell of tolerance keeps it from calling every difference an outlier.
  const spread = Math.max(1, SIGMAS_PER_MAD * quantile(deviations, 0.5));
  const threshold = median + factor * spread;
  const text =
    `outlier: more than ${threshold.toFixed(1)} bad cells ` +
    `(median ${median} + ${factor} × ${spread.toFixed(1)}, 1.4826 × the median absolute deviation)`;
  return { factor, threshold, text };
}

export function isOutlier(model: DieModel, { threshold }: OutlierRule): boolean {
  return badCells(model) > threshold;
}

/** Cells of a die that are not healthy. */
export function badCells({ counts, geometry }: DieModel): number {
  return cellCount(geometry) - counts.healthy;
}
