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
};

/**
 * Systematic standard uncertainty of a fitted conductance, siemens. In the pair scheme both columns are meant to be at
 * one potential; what they differ by drives a current through the floating rows from one column to the other. It is
 * proportional to V, so it adds to one column's slope what it takes from the other's. Beside a shorted partner (alone
 * access) the same difference drives a current through the short, which is of about the same conductance; a single
 * channel with the neighbour on its guard has neither.
 */
export function systematicUncertainty(siemens: number, access: Access, accuracy: BenchAccuracy): number {
  const gain = accuracy.gain * Math.abs(siemens);
  if (access === 'single') return gain;
  return Math.hypot(gain, (accuracy.channelMismatch * accuracy.floatingRows) / accuracy.floatingRowOhms);
}
