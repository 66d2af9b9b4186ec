import type { DieModel } from '../../analysis/die-model.ts';
import type { Campaign, EnsembleSize } from '../campaign/campaign.ts';
import { measuredDefects } from '../campaign/defect-rate.ts';
import { PAPER_SHAPE } from '../network-shape.ts';
import { type Figure2, figure2 } from './figure-2.ts';
import { type Figure3b, figure3b, type SweepResult } from './figure-3b.ts';
import { mean } from './order-statistics.ts';
import { isOutlier, outlierRule } from './outlier-dies.ts';

export type FigureName = '2c' | '2d' | '2e' | '3b';

/** How much is computed. Solutions, epochs and sweep are all that a scale changes. */
export interface ReproductionScale {
  readonly solutions: number;
  readonly epochs: number;
  readonly hardwareAwareSolutions: number;
  readonly hardwareAwareEpochs: number;
  readonly wSats: readonly number[];
}

export const SCALES: Readonly<Record<'quick' | 'paper', ReproductionScale>> = {
  quick: { solutions: 10, epochs: 10, hardwareAwareSolutions: 4, hardwareAwareEpochs: 8, wSats: [0, 2, 5, 10, 15, 20] },
  paper: {
    solutions: 100,
    epochs: 25,
    hardwareAwareSolutions: 100,
    hardwareAwareEpochs: 15,
    wSats: Array.from({ length: 21 }, (_, wSat) => wSat),
  },
};

export interface ReproductionOptions {
  readonly scale: ReproductionScale;
  readonly seed: number;
  readonly outlierFactor: number;
  /** Probability of a defective weight in the sweep; null: as the dies that are no outliers have it. */
  readonly defectRate: number | null;
}

/** A figure with the errors it is drawn from. */
export interface Reproduction<Figure = Figure2 | Figure3b> {
  readonly figure: Figure;
  /** Percent; figures 2: [die][solution]; figure 3b: [point of the sweep][die]. */
  readonly errors: readonly (readonly number[])[];
  readonly baselineErrors: readonly number[];
  readonly solutionIds: readonly string[];
}

/** Computes a figure of Borders et al. (PR Applied 21, 054028) for the given dies. */
export function reproduceFigure(
  name: FigureName,
  models: readonly DieModel[],
  campaign: Campaign,
  options: ReproductionOptions,
): Promise<Reproduction> {
  return name === '3b' ? sweep(models, campaign, options) : boxes(name, models, campaign, options);
}

async function boxes(
  name: Figure2['figure'],
  models: readonly DieModel[],
  campaign: Campaign,
  { scale, seed, outlierFactor }: ReproductionOptions,
): Promise<Reproduction<Figure2>> {
  const rule = outlierRule(models, outlierFactor);
  const defectFree = await campaign.defectFree(defectFreeSize(scale, seed));
  const baselineErrors = await campaign.software(defectFree);
  const solutionIds = defectFree.map(({ id }) => id);
  if (name !== '2e') {
    const defects = name === '2d' ? 'dieMeans' : 'asMeasured';
    const errors = await campaign.emulate(models, defectFree, { readOut: { ...campaign.tools.readOut, defects } });
    return { figure: figure2(name, models, errors, baselineErrors, rule), errors, baselineErrors, solutionIds };
  }
  const size = { count: scale.hardwareAwareSolutions, epochs: scale.hardwareAwareEpochs, seed };
  const ensembles = await campaign.hardwareAware(models, size);
  solutionIds.push(...ensembles.flat().map(({ id }) => id));
  const rows = await Promise.all(models.map((model, i) => campaign.emulate([model], ensembles[i])));
  const errors = rows.flat();
  return { figure: figure2(name, models, errors, baselineErrors, rule), errors, baselineErrors, solutionIds };
}

async function sweep(
  models: readonly DieModel[],
  campaign: Campaign,
  options: ReproductionOptions,
): Promise<Reproduction<Figure3b>> {
  const { scale, seed } = options;
  const rule = outlierRule(models, options.outlierFactor);
  const inliers = models.filter((model) => !isOutlier(model, rule));
  const defectRate = options.defectRate ?? measuredDefects(inliers, PAPER_SHAPE, campaign.tools.readOut).weightRate;
  const defectFree = await campaign.defectFree(defectFreeSize(scale, seed));
  const baselineErrors = await campaign.software(defectFree);
  const solutionIds: string[] = [];
  const results: SweepResult[] = [];
  for (const wSat of scale.wSats) {
    const solutions = await campaign.statisticsAware(defectRate, wSat, defectFreeSize(scale, seed));
    solutionIds.push(...solutions.map(({ id }) => id));
    const perDie = (await campaign.emulate(models, solutions)).map(mean);
    results.push({ wSat, perDie, software: mean(await campaign.software(solutions)) });
  }
  return {
    figure: figure3b(models, results, mean(baselineErrors), defectRate, rule),
    errors: results.map(({ perDie }) => perDie),
    baselineErrors,
    solutionIds,
  };
}

function defectFreeSize({ solutions, epochs }: ReproductionScale, seed: number): EnsembleSize {
  return { count: solutions, epochs, seed };
}
