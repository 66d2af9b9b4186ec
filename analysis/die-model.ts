/** What training consumes: one die, cell by cell, with where every number came from. */
import type { CellClass } from '../wafer/cell-class.ts';
import type { DieSite } from '../wafer/die.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';

export const DIE_MODEL_FORMAT = 'tunnelbench-die-model';
export const DIE_MODEL_VERSION = 1;

export interface DieMeans {
  /** Mean resistances of the healthy cells, ohms, as measured (access path included), with the standard error. */
  readonly rP: number;
  readonly rPStandardError: number;
  readonly rAp: number;
  readonly rApStandardError: number;
  readonly healthy: number;
}

export interface DieModelProvenance {
  readonly waferId: string;
  readonly lot: string;
  readonly wafer: string;
  readonly sessionIds: readonly string[];
  readonly planSha256: string;
  readonly recipe: string;
  readonly softwareVersion: string;
  /** True where the numbers come from a simulated bench or a generated fleet, never from a wafer. */
  readonly simulated: boolean;
  readonly seed: number | null;
}

/** All arrays have rows × columns elements, index = row × columns + column. */
export interface DieModel {
  readonly id: string;
  readonly die: DieSite;
  readonly geometry: CrossbarGeometry;
  /** Class code, index into CELL_CLASSES. */
  readonly classes: Uint8Array;
  /** Resistance as measured in P, ohms; 0 where the cell has none (open, shorted, stuck, undetermined, unmeasured). */
  readonly rP: Float64Array;
  readonly rPUncertainty: Float64Array;
  /** Resistance as measured in AP, ohms; 0 likewise. */
  readonly rAp: Float64Array;
  readonly rApUncertainty: Float64Array;
  /** The one resistance of a cell that does not switch (shorted, stuck), ohms; Infinity for open; 0 for all others. */
  readonly rFixed: Float64Array;
  readonly means: DieMeans;
  /** Count per class name, adding up to rows × columns. */
  readonly counts: Readonly<Record<CellClass, number>>;
  readonly provenance: DieModelProvenance;
}
