import type { DieModel } from '../../analysis/die-model.ts';
import { type FleetSummary, fleetSummary } from './figure-2.ts';
import { mean, standardDeviation } from './order-statistics.ts';
import { badCells, isOutlier, type OutlierRule } from './outlier-dies.ts';

/** Errors in percent of the test images. */
export interface Figure3b {
  readonly figure: '3b';
  readonly title: string;
  readonly defectRate: number;
  readonly baseline: number;
  readonly dies: readonly SweptDie[];
  readonly points: readonly SweepPoint[];
  /** Ordinals of the dies with the lowest and the highest error, averaged over the sweep. */
  readonly bestDie: number;
  readonly worstDie: number;
  /** W_sat with the lowest mean error of the dies that are no outliers. Picked on what it reports: optimistic. */
  readonly bestOfSweep: number;
  readonly outlierRule: OutlierRule;
}

export interface SweptDie {
  readonly ordinal: number;
  readonly badCells: number;
  readonly outlier: boolean;
  /** Mean error over the solutions, one number a point of the sweep. */
  readonly errors: readonly number[];
}

export interface SweepPoint {
  readonly wSat: number;
  /** The same solutions in software, with ideal weights. */
  readonly software: number;
  readonly all: FleetSummary;
  readonly withoutOutliers: FleetSummary;
  /** Mean and σ over the dies that are no outliers. */
  readonly mean: number;
  readonly sigma: number;
  /** Emulation minus software baseline, mean over the dies that are no outliers; its σ is that of the dies. */
  readonly delta: number;
  /** Inverse coefficient of variation over those dies: mean / σ. */
  readonly inverseAlpha: number;
  /** Standard error of 1/α from n dies, normal theory: (1/α) √(1/(2(n − 1)) + α²/n). */
  readonly inverseAlphaError: number;
}

/** One W_sat: mean errors of its solutions on each die and in software, in percent. */
export interface SweepResult {
  readonly wSat: number;
  readonly perDie: readonly number[];
  readonly software: number;
}

export function figure3b(
  models: readonly DieModel[],
  sweep: readonly SweepResult[],
  baseline: number,
  defectRate: number,
  rule: OutlierRule,
): Figure3b {
  const dies = models.map((model, i): SweptDie => {
    const errors = sweep.map(({ perDie }) => perDie[i]);
    return { ordinal: model.die.ordinal, badCells: badCells(model), outlier: isOutlier(model, rule), errors };
  });
  const points = sweep.map((result) => sweepPoint(result, dies, baseline));
  const byError = [...dies].sort((a, b) => mean(a.errors) - mean(b.errors));
  return {
    figure: '3b',
    title: 'Statistics-aware solutions on all dies, against the saturated weight of training',
    defectRate,
    baseline,
    dies,
    points,
    bestDie: byError[0].ordinal,
    worstDie: byError[byError.length - 1].ordinal,
    bestOfSweep: points.reduce((best, point) => (point.mean < best.mean ? point : best)).wSat,
    outlierRule: rule,
  };
}

function sweepPoint({ wSat, perDie, software }: SweepResult, dies: readonly SweptDie[], baseline: number): SweepPoint {
  const inliers = perDie.filter((_, i) => !dies[i].outlier);
  const centre = mean(inliers);
  const sigma = standardDeviation(inliers);
  const count = inliers.length;
  const inverseAlpha = centre / sigma;
  return {
    wSat,
    software,
    all: fleetSummary(perDie),
    withoutOutliers: fleetSummary(inliers),
    mean: centre,
    sigma,
    delta: centre - baseline,
    inverseAlpha,
    inverseAlphaError: inverseAlpha * Math.sqrt(1 / (2 * Math.max(1, count - 1)) + inverseAlpha ** -2 / count),
  };
}
