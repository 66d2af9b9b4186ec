import type { ClassThresholds } from '../wafer/cell-class.ts';
import type { CellRecord, StoredCell } from './records.ts';

/** Columns of table cell that follow from a CellRecord, in the order of CellRow. */
export const CELL_COLUMNS = [
  'die',
  'cell',
  'class',
  'neighbour_class',
  'cause',
  'stuck_state',
  'state_found',
  'state_left',
  'r_p_ohms',
  'r_p_uncertainty_ohms',
  'r_ap_ohms',
  'r_ap_uncertainty_ohms',
  'r_stuck_ohms',
  'r_stuck_uncertainty_ohms',
  'tmr',
  'v_switch_positive_volts',
  'v_switch_negative_volts',
  'noise_amps',
  'flags',
] as const;

/** Values of CELL_COLUMNS as they are bound. */
export type CellRow = (string | number | null)[];

export function cellToRow(cell: CellRecord): CellRow {
  return [
    cell.dieOrdinal,
    cell.cell,
    cell.class,
    cell.neighbourClass,
    cell.cause,
    cell.stuckState,
    cell.stateFound,
    cell.stateLeft,
    cell.rP,
    cell.rPUncertainty,
    cell.rAp,
    cell.rApUncertainty,
    cell.rStuck,
    cell.rStuckUncertainty,
    cell.tmr,
    cell.vSwitchPositive,
    cell.vSwitchNegative,
    cell.noiseAmps,
    cell.flags,
  ];
}

/** A row of table cell as SQLite returns it. */
export interface StoredCellRow {
  readonly die: number;
  readonly cell: number;
  readonly class: CellRecord['class'];
  readonly first_class: CellRecord['class'];
  readonly neighbour_class: CellRecord['neighbourClass'];
  readonly cause: CellRecord['cause'];
  readonly stuck_state: CellRecord['stuckState'];
  readonly state_found: CellRecord['stateFound'];
  readonly state_left: CellRecord['stateLeft'];
  readonly r_p_ohms: number | null;
  readonly r_p_uncertainty_ohms: number | null;
  readonly r_ap_ohms: number | null;
  readonly r_ap_uncertainty_ohms: number | null;
  readonly r_stuck_ohms: number | null;
  readonly r_stuck_uncertainty_ohms: number | null;
  readonly tmr: number | null;
  readonly v_switch_positive_volts: number | null;
  readonly v_switch_negative_volts: number | null;
  readonly noise_amps: number | null;
  readonly flags: number;
  readonly sweep_id: number | null;
  readonly thresholds_id: number | null;
}

export function rowToCell(row: StoredCellRow, thresholds: ClassThresholds | null): StoredCell {
  return {
    dieOrdinal: row.die,
    cell: row.cell,
    class: row.class,
    firstClass: row.first_class,
    neighbourClass: row.neighbour_class,
    cause: row.cause,
    stuckState: row.stuck_state,
    stateFound: row.state_found,
    stateLeft: row.state_left,
    rP: row.r_p_ohms,
    rPUncertainty: row.r_p_uncertainty_ohms,
    rAp: row.r_ap_ohms,
    rApUncertainty: row.r_ap_uncertainty_ohms,
    rStuck: row.r_stuck_ohms,
    rStuckUncertainty: row.r_stuck_uncertainty_ohms,
    tmr: row.tmr,
    vSwitchPositive: row.v_switch_positive_volts,
    vSwitchNegative: row.v_switch_negative_volts,
    noiseAmps: row.noise_amps,
    flags: row.flags,
    sweepId: row.sweep_id,
    thresholds,
  };
}
