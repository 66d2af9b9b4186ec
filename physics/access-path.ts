/**
 * The way from the source channel to a junction and back. Line resistance is lumped into each cell's own path (the
 * lines' drop under the current of *other* cells is left out); contacts are shared by all cells of the line.
 */
export interface AccessPath {
  /** Needle to pad, each side. */
  readonly contactOhms: number;
  /** Both access transistors of a 2T-1R cell together, at the gate voltage `gateOnVolts`. */
  readonly transistorOhms: number;
  readonly ohmsPerPitch: number;
  readonly gateOnVolts: number;
  /** Below this gate voltage the cell is off; leakage of an off cell is left out. */
  readonly gateThresholdVolts: number;
}

export const DEFAULT_ACCESS_PATH: AccessPath = {
  contactOhms: 1,
  transistorOhms: 20,
  ohmsPerPitch: 0.05,
  gateOnVolts: 1.8,
  gateThresholdVolts: 0.5,
};

/** Transistors and lines of the cell, contacts excluded, ohms. Pads of columns at row 0, pads of rows at column 0. */
export function cellSeriesOhms(path: AccessPath, row: number, column: number): number {
  return path.transistorOhms + path.ohmsPerPitch * (row + column);
}

/** Transistors, lines and both contacts: what a two-wire measurement of the cell adds to its junction, ohms. */
export function wholePathOhms(path: AccessPath, row: number, column: number): number {
  return cellSeriesOhms(path, row, column) + 2 * path.contactOhms;
}

/** On-resistance of the transistors at another gate voltage (triode region, R ∝ 1/(V_G − V_T)); Infinity when off. */
export function transistorOhmsAt(path: AccessPath, gateVolts: number): number {
  const overdrive = gateVolts - path.gateThresholdVolts;
  if (overdrive <= 0) return Number.POSITIVE_INFINITY;
  return (path.transistorOhms * (path.gateOnVolts - path.gateThresholdVolts)) / overdrive;
}
