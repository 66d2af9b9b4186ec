import { deviation, mean, median } from 'd3-array';
import { CELL_CLASSES, type CellClass } from '../wafer/cell-class.ts';
import type { DieSite } from '../wafer/die.ts';
import type { DieStatistics } from './die-statistics.ts';

/** A die that was measured, with its statistics. */
export interface MeasuredDie {
  readonly die: DieSite;
  readonly statistics: DieStatistics;
}

/** Dies of one zone: distance from the wafer's centre as a fraction of the outermost die's. */
export interface RadialZone {
  readonly name: 'centre' | 'middle' | 'edge';
  readonly from: number;
  readonly to: number;
  readonly dies: number;
  readonly measured: number;
  readonly healthy: number;
  /** Mean of the dies' fitted μ, ohms; null where no die of the zone has a fit. */
  readonly rP: number | null;
}

export interface WaferStatistics {
  readonly counts: Readonly<Record<CellClass, number>>;
  readonly diesPlanned: number;
  readonly diesMeasured: number;
  readonly measured: number;
  readonly all: number;
  /** Over the dies: mean and standard deviation of the fitted μ, ohms. */
  readonly rP: BetweenDies | null;
  readonly rAp: BetweenDies | null;
  readonly zones: readonly RadialZone[];
  /** Lowest share of healthy among measured cells first. */
  readonly worst: readonly MeasuredDie[];
  /** Dies with more bad cells than the rule allows. */
  readonly outliers: readonly MeasuredDie[];
  /** Bad measured cells from which a die is an outlier. */
  readonly outlierFrom: number;
}

export interface BetweenDies {
  readonly dies: number;
  readonly mean: number;
  readonly deviation: number;
}

/** An outlier die has more bad cells than median + 3 × 1.4826 × median absolute deviation of all dies. */
const OUTLIER_MADS = 3;
const WORST_DIES = 5;
const ZONES = [
  { name: 'centre', from: 0, to: 1 / 3 },
  { name: 'middle', from: 1 / 3, to: 2 / 3 },
  { name: 'edge', from: 2 / 3, to: 1 },
] as const;

/** What the dies of a wafer say together; `sites` are all dies of the wafer, measured or not. */
export function waferStatistics(
  dies: readonly MeasuredDie[],
  sites: readonly DieSite[],
  cellsPerDie: number,
): WaferStatistics {
  const counts = Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as Record<CellClass, number>;
  for (const { statistics } of dies) for (const name of CELL_CLASSES) counts[name] += statistics.counts[name];
  counts.unmeasured += (sites.length - dies.length) * cellsPerDie;
  const all = sites.length * cellsPerDie;
  const bad = dies.map(badCells);
  const middle = median(bad) ?? 0;
  const spread = 1.4826 * (median(bad, (count) => Math.abs(count - middle)) ?? 0);
  const outlierFrom = Math.floor(middle + OUTLIER_MADS * spread) + 1;
  return {
    counts,
    diesPlanned: sites.length,
    diesMeasured: dies.length,
    measured: all - counts.unmeasured,
    all,
    rP: betweenDies(dies, 'rP'),
    rAp: betweenDies(dies, 'rAp'),
    zones: zonesOf(dies, sites),
    worst: dies.toSorted((a, b) => healthyShare(a) - healthyShare(b)).slice(0, WORST_DIES),
    outliers: dies.filter((die) => badCells(die) >= outlierFrom),
    outlierFrom,
  };
}

/** Measured cells that are not healthy. */
export function badCells({ statistics }: MeasuredDie): number {
  return statistics.measured - statistics.counts.healthy;
}

/** Healthy among measured cells; 0 where nothing was measured. */
export function healthyShare({ statistics }: MeasuredDie): number {
  return statistics.measured === 0 ? 0 : statistics.counts.healthy / statistics.measured;
}

function betweenDies(dies: readonly MeasuredDie[], quantity: 'rP' | 'rAp'): BetweenDies | null {
  const means = dies.flatMap(({ statistics }) => statistics[quantity]?.mean ?? []);
  if (means.length === 0) return null;
  return { dies: means.length, mean: mean(means) ?? 0, deviation: deviation(means) ?? 0 };
}

function zonesOf(dies: readonly MeasuredDie[], sites: readonly DieSite[]): RadialZone[] {
  const centreX = mean([Math.min(...sites.map(({ x }) => x)), Math.max(...sites.map(({ x }) => x))]) ?? 0;
  const centreY = mean([Math.min(...sites.map(({ y }) => y)), Math.max(...sites.map(({ y }) => y))]) ?? 0;
  const distance = ({ x, y }: DieSite) => Math.hypot(x - centreX, y - centreY);
  const outermost = Math.max(...sites.map(distance)) || 1;
  return ZONES.map((zone) => {
    const inside = dies.filter(({ die }) => {
      const radius = distance(die) / outermost;
      return radius >= zone.from && (radius < zone.to || zone.to === 1);
    });
    const means = inside.flatMap(({ statistics }) => statistics.rP?.mean ?? []);
    return {
      ...zone,
      dies: inside.length,
      measured: inside.reduce((sum, { statistics }) => sum + statistics.measured, 0),
      healthy: inside.reduce((sum, { statistics }) => sum + statistics.counts.healthy, 0),
      rP: mean(means) ?? null,
    };
  });
}
