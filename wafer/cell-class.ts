/** What a cell is. The order is the stored code (0…7) and the order of every table and legend. */
export const CELL_CLASSES = [
  'healthy',
  'weak',
  'subpar',
  'shorted',
  'stuck',
  'open',
  'undetermined',
  'unmeasured',
] as const;
export type CellClass = (typeof CELL_CLASSES)[number];

export function classCode(name: CellClass): number {
  return CELL_CLASSES.indexOf(name);
}

/** Why a cell is what it is, where something points to a cause outside the cell itself; stored beside the class. */
export const CELL_CAUSES = ['none', 'line', 'needle', 'lineShort', 'failedInTest', 'partner'] as const;
export type CellCause = (typeof CELL_CAUSES)[number];

/** Magnetic state of the free layer, as inferred from a resistance. */
export const CELL_STATES = ['unknown', 'P', 'AP'] as const;
export type CellState = (typeof CELL_STATES)[number];

/** Thresholds of the decision table; parameters of the recipe, stored beside every result. */
export interface ClassThresholds {
  readonly shortedBelowOhms: number;
  /** A shorted cell below this is also flagged "line short?". */
  readonly lineShortBelowOhms: number;
  readonly subparBelowOhms: number;
  readonly openAboveOhms: number;
  readonly minTmr: number;
  /** A cell within this many standard uncertainties of a boundary is flagged. */
  readonly guardSigmas: number;
}
