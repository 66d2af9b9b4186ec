/** A segment's voltage list as the instrument runs it, and which of its points are the segment's own. */
export interface VoltageList {
  /** Junction voltages (column − row) in the order of the sweep; the last is 0 V. */
  readonly levels: readonly number[];
  /** For each point of the segment its place in `levels`, from 0. */
  readonly keep: readonly number[];
}

/**
 * Largest step of an alone access. The partner column and the row lie on two instruments and step a trigger apart;
 * meanwhile the partner junction sees the step, so the step must be too small to disturb a cell.
 */
export const ALONE_STEP_VOLTS = 0.05;

/** Two decimal voltages that differ by less are the same: sums of 0.05 V steps are not exact. */
const SAME_VOLTS = 1e-9;

/**
 * Appends the return to 0 V and, where `largestStepVolts` is given, the intermediate points that keep every step, the
 * first from 0 V included, within it. Points that are not the segment's own are measured and dropped.
 */
export function voltageList(volts: readonly number[], largestStepVolts = Number.POSITIVE_INFINITY): VoltageList {
  const levels: number[] = [];
  const keep: number[] = [];
  let present = 0;
  const approach = (target: number) => {
    const steps = Math.max(1, Math.ceil((Math.abs(target - present) - SAME_VOLTS) / largestStepVolts));
    for (let step = 1; step < steps; step++) levels.push(rounded(present + ((target - present) * step) / steps));
    levels.push(target);
    present = target;
  };
  for (const target of volts) {
    approach(target);
    keep.push(levels.length - 1);
  }
  if (present !== 0) approach(0);
  return { levels, keep };
}

/** Microvolts suffice: the source's own resolution on its 1 V range is 50 µV. */
function rounded(volts: number): number {
  return Math.round(volts * 1e6) / 1e6;
}
