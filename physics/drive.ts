import type { LimitedSource } from './limited-source.ts';
import type { PadRails } from './pad-diode.ts';

/** A line driven by a source channel: a voltage with a current limit, behind a contact. Unconnected: siemens 0. */
export interface LineDrive {
  /** Contact conductance between channel and line; 0 where nothing drives the line. */
  readonly contactSiemens: number;
  readonly volts: number;
  readonly limitAmps: number;
}

/** Leakage of columns and connected rows to ground: keeps floating lines defined, far below what an SMU can see. */
export const LEAKAGE_SIEMENS = 1e-15;

export interface PairDrive extends PadRails {
  readonly columnA: LineDrive;
  readonly columnB: LineDrive;
  readonly selectedRow: number;
  readonly row: LineDrive;
}

/** What a line and its channel carry. */
export interface LineState {
  /** On-die voltage, behind the contact. */
  volts: number;
  /** Out of the channel into the line. */
  amps: number;
  /** At the channel's terminals. */
  terminalVolts: number;
  inCompliance: boolean;
}

export function newLineState(): LineState {
  return { volts: 0, amps: 0, terminalVolts: 0, inCompliance: false };
}

/**
 * Writes the solved line from the mode of its source; `amps` is the sum of what leaves the line, which stays precise
 * where the drop over the contact is lost in the voltages.
 */
export function finishLine(state: LineState, source: LimitedSource, volts: number, amps: number): void {
  state.volts = volts;
  state.inCompliance = source.mode !== 0;
  if (source.siemens === 0) {
    state.amps = 0;
    state.terminalVolts = volts;
  } else if (source.mode !== 0) {
    state.amps = source.mode * source.limitAmps;
    state.terminalVolts = volts + state.amps / source.siemens;
  } else {
    state.amps = amps;
    state.terminalVolts = source.volts;
  }
}
