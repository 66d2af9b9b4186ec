import type { CrossbarGeometry } from '../../wafer/geometry.ts';

/**
 * A fleet: generated dies whose defects are known, for comparing trainings on equal ground. Development fleets serve
 * choices; report fleets are used once. The file lists the defects; the healthy cells follow from the seed.
 */
export const FLEET_FORMAT = 'tunnelbench-fleet';
export const FLEET_VERSION = 1;

export type FleetPurpose = 'development' | 'report';

/** Everything a fleet is drawn from. Rates are fractions of a die's cells; resistances are as measured, in ohms. */
export interface FleetParameters {
  readonly dies: number;
  readonly geometry: CrossbarGeometry;
  /** Series resistance at inference that the fleet was made for. */
  readonly seriesOhms: number;
  readonly healthy: {
    readonly rPOhms: number;
    readonly rApOhms: number;
    readonly relativeSigma: number;
    /** Correlation of a cell's R_P and R_AP: both follow from the same junction area. */
    readonly correlation: number;
  };
  /** Rate of shorts: log-normal over dies around the median; outlier dies have a factor log-uniform in the range. */
  readonly shortedMedian: number;
  readonly logSigma: number;
  readonly outlierDies: number;
  readonly outlierFactor: readonly [number, number];
  readonly shortedOhms: readonly [number, number];
  /** A die's subpar rate is its short rate times a factor uniform in this range. */
  readonly subparPerShorted: readonly [number, number];
  /** R_AP of a subpar cell, uniform; its R_P follows from the same shunt. */
  readonly subparApOhms: readonly [number, number];
  /** Rates of single open, stuck and weak cells, times the die's own factor. */
  readonly openRate: number;
  readonly stuckRate: number;
  readonly weakRate: number;
  /** Mean number a die, Poisson. A broken line leaves every cell of the row or column open. */
  readonly openRows: number;
  readonly openColumns: number;
  readonly clusters: number;
  /** Cells; a cluster is a disc whose cells are bad with the given probability. */
  readonly clusterRadius: readonly [number, number];
  readonly clusterFill: number;
}

/** Defects of one die, by class: [cell, R_P, R_AP], [cell, R] or the cell alone. */
export interface FleetDie {
  readonly ordinal: number;
  /** The generator gave this die an outlier's rate. Analyses must not look: they apply a rule to the counts. */
  readonly outlier: boolean;
  readonly shortedRate: number;
  readonly subparRate: number;
  readonly shorted: readonly (readonly [number, number])[];
  readonly stuck: readonly (readonly [number, number])[];
  readonly subpar: readonly (readonly [number, number, number])[];
  readonly weak: readonly (readonly [number, number, number])[];
  readonly open: readonly number[];
}

export interface Fleet {
  readonly format: typeof FLEET_FORMAT;
  readonly version: typeof FLEET_VERSION;
  /** "A", "G", "L" or the user's own. */
  readonly name: string;
  readonly purpose: FleetPurpose;
  readonly seed: number;
  readonly parameters: FleetParameters;
  readonly dies: readonly FleetDie[];
}
