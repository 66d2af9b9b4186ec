import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';
import type { FleetParameters } from './fleet.ts';

const POINT_DEFECTS: FleetParameters = {
  dies: 36,
  geometry: DEFAULT_GEOMETRY,
  seriesOhms: 1500,
  healthy: { rPOhms: 18e3, rApOhms: 40e3, relativeSigma: 0.05, correlation: 0.9 },
  shortedMedian: 5e-4,
  logSigma: 0.8,
  outlierDies: 3,
  outlierFactor: [6, 12],
  shortedOhms: [100, 1000],
  subparPerShorted: [0.3, 1.2],
  subparApOhms: [1.1e3, 12e3],
  openRate: 0,
  stuckRate: 0,
  weakRate: 0,
  openRows: 0,
  openColumns: 0,
  clusters: 0,
  clusterRadius: [1.5, 4],
  clusterFill: 0.7,
};

/**
 * The kinds of fleet that are committed, three seeds each. Only the ranges of shorted and subpar resistances are
 * published (Borders et al., figure 1g); rates, spread and patterns are our choice.
 * - A: 0.05 % shorts in the median die, about 17 bad cells, three outlier dies.
 * - G: 0.012 % shorts in the median die, about 4 bad cells.
 * - L: fewer shorts, but opens, stuck and weak cells, broken lines and clusters.
 */
export const FLEET_KINDS: Readonly<Record<'A' | 'G' | 'L', FleetParameters>> = {
  A: POINT_DEFECTS,
  G: { ...POINT_DEFECTS, shortedMedian: 1.2e-4 },
  L: {
    ...POINT_DEFECTS,
    shortedMedian: 1.2e-4,
    openRate: 1.5e-4,
    stuckRate: 1.5e-4,
    weakRate: 1e-4,
    openRows: 0.15,
    openColumns: 0.3,
    clusters: 0.3,
  },
};

/** Seeds of the committed fleets; the purpose is part of the random stream, so the two share no die. */
export const FLEET_SEEDS: readonly number[] = [1, 2, 3];
