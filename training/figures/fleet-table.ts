import type { DieModel } from '../../analysis/die-model.ts';
import type { Campaign, EnsembleSize } from '../campaign/campaign.ts';
import { measuredDefects } from '../campaign/defect-rate.ts';
import { PAPER_SHAPE } from '../network-shape.ts';
import type { Placer } from '../placement/placer.ts';
import { seededStream } from '../seeded-stream.ts';
import type { Solution } from '../solution.ts';
import { bootstrapInterval, type Interval } from './bootstrap.ts';
import { type FleetSummary, fleetSummary } from './figure-2.ts';
import { mean } from './order-statistics.ts';
import { isOutlier, type OutlierRule, outlierRule } from './outlier-dies.ts';

/** How a fleet is compared. */
export interface FleetTableOptions {
  readonly size: EnsembleSize;
  readonly hardwareAware: EnsembleSize | null;
  readonly wSats: readonly number[];
  /** Multiples of the measured rate of defective weights (uniform) and of defects (population) to train with. */
  readonly rateFactors: readonly number[];
  /** Parts of the fleet; the population for a die is inferred from the parts it is not in. 0: no population rows. */
  readonly populationFolds: number;
  readonly placement: { readonly placer: Placer; readonly trials: number } | null;
  readonly outlierFactor: number;
}

/** One way to get a network onto the dies of a fleet: mean error over its solutions on each die, in percent. */
export interface FleetMethod {
  readonly name: string;
  /** What has to be done anew for every die. */
  readonly perDieWork: 'none' | 'placement' | 'training';
  readonly perDie: readonly number[];
}

export interface FleetRow extends FleetMethod {
  readonly all: FleetSummary;
  readonly withoutOutliers: FleetSummary;
  /** 95 % bootstrap intervals over dies, all of them. */
  readonly meanInterval: Interval;
  readonly medianInterval: Interval;
  /** Mean over dies of the paired difference to defect-free solutions in the default layout, and its interval. */
  readonly change: number;
  readonly changeInterval: Interval;
}

export interface FleetTable {
  readonly baseline: number;
  readonly outlierRule: OutlierRule;
  readonly rows: readonly FleetRow[];
}

const RESAMPLING_SEED = 1;

/** Computes every method on one fleet. */
export async function fleetTable(
  models: readonly DieModel[],
  campaign: Campaign,
  options: FleetTableOptions,
): Promise<FleetTable> {
  const rule = outlierRule(models, options.outlierFactor);
  const defectFree = await campaign.defectFree(options.size);
  const baseline = mean(await campaign.software(defectFree));
  const methods: FleetMethod[] = [
    await onDies('defect-free', models, campaign, defectFree),
    ...(await placedMethods('defect-free', models, campaign, defectFree, options)),
    ...(await uniformMethods(models, campaign, options, rule)),
    ...(await populationMethods(models, campaign, options)),
    ...(await hardwareAwareMethods(models, campaign, options)),
  ];
  const inlier = models.map((model) => !isOutlier(model, rule));
  return { baseline, outlierRule: rule, rows: methods.map((method) => row(method, methods[0], inlier)) };
}

async function onDies(
  name: string,
  models: readonly DieModel[],
  campaign: Campaign,
  solutions: readonly Solution[],
): Promise<FleetMethod> {
  return { name, perDieWork: 'none', perDie: (await campaign.emulate(models, solutions)).map(mean) };
}

async function placedMethods(
  name: string,
  models: readonly DieModel[],
  campaign: Campaign,
  solutions: readonly Solution[],
  { placement, size }: FleetTableOptions,
): Promise<FleetMethod[]> {
  if (placement === null) return [];
  const { readOut, images } = campaign.tools;
  const set = images === 'test' ? 'test' : 'validation';
  const placed = await Promise.all(
    solutions.map((solution) =>
      placement.placer.place({ solution, models, readOut, trials: placement.trials, seed: size.seed }),
    ),
  );
  const errorOn = (die: number) => mean(placed.map((dies) => (100 * dies[die][set].after) / dies[die][set].images));
  return [{ name: `${name} + placement`, perDieWork: 'placement', perDie: models.map((_, die) => errorOn(die)) }];
}

async function uniformMethods(
  models: readonly DieModel[],
  campaign: Campaign,
  options: FleetTableOptions,
  rule: OutlierRule,
): Promise<FleetMethod[]> {
  const inliers = models.filter((model) => !isOutlier(model, rule));
  const { weightRate } = measuredDefects(inliers, PAPER_SHAPE, campaign.tools.readOut);
  const methods: FleetMethod[] = [];
  for (const factor of options.rateFactors) {
    for (const wSat of options.wSats) {
      const rate = Number((weightRate * factor).toPrecision(3));
      const solutions = await campaign.statisticsAware(rate, wSat, options.size);
      const name = `uniform p ${(100 * rate).toPrecision(3)} % W_sat ${wSat}`;
      methods.push(await onDies(name, models, campaign, solutions));
      methods.push(...(await placedMethods(name, models, campaign, solutions, options)));
    }
  }
  return methods;
}

/** Dies are dealt into folds by their ordinal; each fold is judged with solutions trained on the other folds' dies. */
async function populationMethods(
  models: readonly DieModel[],
  campaign: Campaign,
  options: FleetTableOptions,
): Promise<FleetMethod[]> {
  const { populationFolds: folds, rateFactors, size } = options;
  if (folds < 2) return [];
  const methods: FleetMethod[] = [];
  for (const factor of rateFactors) {
    const perDie = new Map<DieModel, number>();
    const placedPerDie = new Map<DieModel, number>();
    for (let fold = 0; fold < folds; fold++) {
      const judged = models.filter(({ die }) => die.ordinal % folds === fold);
      const others = models.filter(({ die }) => die.ordinal % folds !== fold);
      const solutions = await campaign.populationAware(others, factor, size);
      const plain = await onDies('', judged, campaign, solutions);
      const [placed] = await placedMethods('', judged, campaign, solutions, options);
      judged.forEach((model, i) => {
        perDie.set(model, plain.perDie[i]);
        if (placed !== undefined) placedPerDie.set(model, placed.perDie[i]);
      });
    }
    const inOrder = (errors: Map<DieModel, number>) => models.map((model) => errors.get(model) as number);
    const name = `population × ${factor}`;
    methods.push({ name, perDieWork: 'none', perDie: inOrder(perDie) });
    if (placedPerDie.size > 0) {
      methods.push({ name: `${name} + placement`, perDieWork: 'placement', perDie: inOrder(placedPerDie) });
    }
  }
  return methods;
}

async function hardwareAwareMethods(
  models: readonly DieModel[],
  campaign: Campaign,
  { hardwareAware }: FleetTableOptions,
): Promise<FleetMethod[]> {
  if (hardwareAware === null) return [];
  const own: number[] = [];
  const onOthers: number[][] = models.map(() => []);
  const ensembles = await campaign.hardwareAware(models, hardwareAware);
  for (const [trainedFor, solutions] of ensembles.entries()) {
    const errors = await campaign.emulate(models, solutions);
    errors.forEach((row, die) => {
      if (die === trainedFor) own.push(mean(row));
      else onOthers[die].push(...row);
    });
  }
  return [
    { name: 'hardware-aware, own die', perDieWork: 'training', perDie: own },
    { name: 'hardware-aware, other dies', perDieWork: 'none', perDie: onOthers.map(mean) },
  ];
}

function row(method: FleetMethod, reference: FleetMethod, inlier: readonly boolean[]): FleetRow {
  const { perDie } = method;
  const stream = () => seededStream(RESAMPLING_SEED, perDie.length);
  const change = perDie.map((error, die) => error - reference.perDie[die]);
  return {
    ...method,
    all: fleetSummary(perDie),
    withoutOutliers: fleetSummary(perDie.filter((_, die) => inlier[die])),
    meanInterval: bootstrapInterval(perDie, mean, stream()),
    medianInterval: bootstrapInterval(perDie, (sample) => fleetSummary(sample).median, stream()),
    change: mean(change),
    changeInterval: bootstrapInterval(change, mean, stream()),
  };
}
