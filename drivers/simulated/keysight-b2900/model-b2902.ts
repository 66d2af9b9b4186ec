import type { SmuDefaults, SmuModel } from '../scpi/smu-front-end.ts';

/** Ranges of B2901A and B2902A (data sheet). */
export const MODEL_B2902: SmuModel = {
  voltRanges: [0.2, 2, 20, 200],
  ampRanges: [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 1.5],
  rangeLimitsOutput: false,
  openInterlockVolts: 42,
  // Of a buffer at the probe card: the guard itself is for cables.
  guardAmps: 0.05,
};

/** After *RST: limits 100 µA and 2 V, measuring ranges automatic. */
export const DEFAULTS_B2902: SmuDefaults = {
  limitAmps: 1e-4,
  limitVolts: 2,
  measureRangeAmps: 1e-4,
  measureRangeVolts: 2,
  autozero: false,
  guardDrives: true,
};

/** Status element of a reading. */
export const STATUS_B2900 = {
  sourcesAmps: 1 << 0,
  voltsLimited: 1 << 1,
  ampsLimited: 1 << 2,
  overflow: 1 << 13,
} as const;

/** The family's own errors come with positive numbers; these two are this simulator's texts. */
export const ERRORS_B2900: Readonly<Record<number, string>> = { 202: 'Interlock is open', 211: 'Trigger is not idle' };

export const LIST_LIMITS = { perCommand: 2500, total: 2500 };
export const MOST_READINGS = 100_000;
