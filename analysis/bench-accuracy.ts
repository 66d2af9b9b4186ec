import type { Access } from '../wafer/sweep.ts';

/**
 * What a bench cannot average away: errors common to all points of a sweep, which no residual shows. Standard
 * uncertainties; a bench whose calibration says better may state its own.
 */
export interface BenchAccuracy {
  /** Relative standard uncertainty of V/I from the gain errors of one channel. */
  readonly gain: number;
  /** Relative standard uncertainty of the difference in voltage between two source channels set to one level. */
  readonly channelMismatch: number;
  /** Rows that float while one is measured, and the resistance of their two cells in series, ohms. */
  readonly floatingRows: number;
  readonly floatingRowOhms: number;
  /** Resistance between a column and its source channel that carries the floating rows' current: needle and pad, ohms. */
  readonly columnContactOhms: number;
  /** Resistance of the partner beside which a cell is measured alone, ohms: a typical short. */
  readonly lowPartnerOhms: number;
  /** Conductance by which a healthy neighbour differs from the cell, siemens: P beside AP. */
  readonly neighbourSiemens: number;
}

/**
 * Gain errors of ±1e-4 at most on every channel and quantity (about the 24 h accuracy of the simulated SMU), taken as
 * uniform. 99 rows float on the default crossbar; their cells are taken in P, 2 × 18 kΩ, which is the worst case.
 */
export const DEFAULT_BENCH_ACCURACY: BenchAccuracy = {
  gain: 1e-4 * Math.sqrt(2 / 3),
  channelMismatch: 1e-4 * Math.sqrt(2 / 3),
  floatingRows: 99,
  floatingRowOhms: 36_000,
  columnContactOhms: 1,
  lowPartnerOhms: 400,
  neighbourSiemens: 1 / 18_000 - 1 / 40_000,
};

/**
 * Systematic standard uncertainty of a fitted conductance, siemens; every term is proportional to V, so a slope takes
 * it for the cell's own.
 * - Pair: both columns are meant to be at one potential; what they differ by drives a current through the floating rows
 *   from one column to the other, which adds to one column's slope what it takes from the other's.
 * - Alone: the measured column feeds the partner column through the floating rows; that current lifts the partner column
 *   by its contact resistance, and a shorted partner passes the lift on to the row where the current is sensed. With
 *   1 Ω, 99 rows and a short of 400 Ω this is 7 µS, a quarter of a cell in AP: a cell beside a short is poorly known.
 * - Single: with G_n of the neighbour, G of the cell and G_f of the floating rows, the contact resistance R_c of needles
 *   and pads leaves R_c · G_f · (G_n − G) in either half: in the positive one the guard's column lies R_c · (G_n − G) · V
 *   below HI's and draws over the floating rows; in the negative one the guard feeds these rows, so that its column lies
 *   below the row and the neighbour draws, while the lift of LO's column takes the same share from the cell. Beside a
 *   short that is what alone access has (see `errorsLike`).
 */
export function systematicUncertainty(siemens: number, access: Access, accuracy: BenchAccuracy): number {
  const gain = accuracy.gain * Math.abs(siemens);
  const floating = accuracy.floatingRows / accuracy.floatingRowOhms;
  if (access === 'single') return Math.hypot(gain, accuracy.columnContactOhms * floating * accuracy.neighbourSiemens);
  const pair = accuracy.channelMismatch * floating;
  if (access === 'pair') return Math.hypot(gain, pair);
  return Math.hypot(gain, pair, (accuracy.columnContactOhms * floating) / accuracy.lowPartnerOhms);
}
