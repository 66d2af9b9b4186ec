import type { CrossbarGeometry } from '../../wafer/geometry.ts';

/**
 * What the dies of a population have in common, without the place of a single defect: maps drawn from it can never
 * repeat a measured one. Plain numbers and arrays, so that it travels to a worker and into a file.
 */
export interface Population {
  readonly geometry: CrossbarGeometry;
  /** Ids of the die models it was inferred from. */
  readonly dieModelIds: readonly string[];
  /** Mean conductances of the healthy cells through the series resistance, siemens. */
  readonly meanP: number;
  readonly meanAp: number;
  /** One profile a die: how many defects of which pattern. Dies differ, so a map follows one die's profile. */
  readonly profiles: readonly DieProfile[];
  /** Conductances in P and AP of every defect met, by pattern: the mix of classes is in their frequency. */
  readonly pointValues: readonly ConductancePair[];
  readonly clusterValues: readonly ConductancePair[];
  /** Point defects by column, relative to an even spread; smoothed, so that a layer gets the share it was seen to have. */
  readonly columnDensity: readonly number[];
}

export type ConductancePair = readonly [p: number, ap: number];

export interface DieProfile {
  readonly points: number;
  readonly clusters: readonly ClusterProfile[];
  readonly lines: readonly LineProfile[];
}

/** A patch of defects: how many cells, and the radius of the disc that holds them. */
export interface ClusterProfile {
  readonly cells: number;
  readonly radius: number;
}

/** A row or column with most of its cells defective, and what such a cell conducts. */
export interface LineProfile {
  readonly kind: 'row' | 'column';
  /** Fraction of the line's cells that are defective. */
  readonly fill: number;
  readonly value: ConductancePair;
}
