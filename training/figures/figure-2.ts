import type { DieModel } from '../../analysis/die-model.ts';
import { type BoxStatistics, boxStatistics, mean, quantile } from './order-statistics.ts';
import { badCells, isOutlier, type OutlierRule } from './outlier-dies.ts';

/** Errors in percent of the test images. */
export interface Figure2 {
  readonly figure: '2c' | '2d' | '2e';
  readonly title: string;
  /** The defect-free solutions in software. */
  readonly baseline: BoxStatistics;
  readonly dies: readonly DieBox[];
  readonly outlierRule: OutlierRule;
  readonly summary: { readonly all: FleetSummary; readonly withoutOutliers: FleetSummary };
}

export interface DieBox {
  readonly ordinal: number;
  readonly x: number;
  readonly y: number;
  readonly badCells: number;
  readonly outlier: boolean;
  readonly box: BoxStatistics;
}

/** Over the dies' mean errors. */
export interface FleetSummary {
  readonly dies: number;
  readonly mean: number;
  readonly median: number;
  readonly p90: number;
  readonly worst: number;
}

const TITLES = {
  '2c': 'Defect-free solutions emulated on each die',
  '2d': 'Defect-free solutions, defects replaced by the die’s mean conductances',
  '2e': 'Hardware-aware solutions, each on the die it was trained for',
} as const;

/** `errors[die][solution]` and `baseline[solution]` in percent. */
export function figure2(
  figure: Figure2['figure'],
  models: readonly DieModel[],
  errors: readonly (readonly number[])[],
  baseline: readonly number[],
  rule: OutlierRule,
): Figure2 {
  const dies = models.map((model, i): DieBox => {
    const { ordinal, x, y } = model.die;
    return { ordinal, x, y, badCells: badCells(model), outlier: isOutlier(model, rule), box: boxStatistics(errors[i]) };
  });
  const means = (chosen: readonly DieBox[]) => fleetSummary(chosen.map(({ box }) => box.mean));
  return {
    figure,
    title: TITLES[figure],
    baseline: boxStatistics(baseline),
    dies,
    outlierRule: rule,
    summary: { all: means(dies), withoutOutliers: means(dies.filter(({ outlier }) => !outlier)) },
  };
}

export function fleetSummary(perDie: readonly number[]): FleetSummary {
  return {
    dies: perDie.length,
    mean: mean(perDie),
    median: quantile(perDie, 0.5),
    p90: quantile(perDie, 0.9),
    worst: Math.max(...perDie),
  };
}
