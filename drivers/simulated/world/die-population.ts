import type { DieSite } from '../../../wafer/die.ts';

/** What was injected into a cell; the order is the code in `DiePopulation.labels`. */
export const CELL_LABELS = [
  'healthy',
  'shorted',
  'subpar',
  'weakLowTmr',
  'weakTelegraph',
  'weakBackHopping',
  'open',
  'stuckP',
  'stuckAp',
  'deadRow',
  'deadColumn',
] as const;
export type CellLabel = (typeof CELL_LABELS)[number];

export function labelCode(label: CellLabel): number {
  return CELL_LABELS.indexOf(label);
}

/**
 * The cells of one die as made: constants of every junction, one element per cell. Resistances are those of the bare
 * junction; what is specified "as measured" has had its access path taken off.
 */
export interface DiePopulation {
  readonly die: DieSite;
  readonly labels: Uint8Array;
  /** Zero-bias parallel conductance of the junction; 0 where there is none left. */
  readonly gP: Float64Array;
  readonly tmr: Float64Array;
  /** Ohmic path beside the junction: a partial shunt, a short, or the leakage of an open cell. */
  readonly gShunt: Float64Array;
  readonly delta: Float32Array;
  readonly vC0: Float32Array;
  readonly offsetVolts: Float32Array;
  readonly breakdownVolts: Float32Array;
  /** Telegraph cells: relative rise of the resistance in the upper level. */
  readonly telegraphDepth: Float32Array;
  /** Back-hopping cells: |V| from which the free layer hops; 0 elsewhere. */
  readonly hopAboveVolts: Float32Array;
  readonly deadRows: readonly number[];
  readonly deadColumns: readonly number[];
}
