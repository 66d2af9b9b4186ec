import type { SmuDefaults, SmuModel } from '../scpi/smu-front-end.ts';

/** Ranges of Model 2450 (data sheet), 5 % overhead each. */
export const MODEL_2450: SmuModel = {
  voltRanges: [0.02, 0.2, 2, 20, 200],
  ampRanges: [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1],
  rangeLimitsOutput: false,
  openInterlockVolts: 37,
  // Of a buffer at the probe card: the guard itself is for cables.
  guardAmps: 0.05,
};

/** After *RST: limits 105 µA and 21 V, measuring ranges automatic. */
export const DEFAULTS_2450: SmuDefaults = {
  limitAmps: 1.05e-4,
  limitVolts: 21,
  measureRangeAmps: 1e-4,
  measureRangeVolts: 20,
  autozero: true,
  guardDrives: true,
};

/** SOURSTATus of a reading (reference manual, "TRACe:DATA?"). */
export const SOURCE_STATUS_2450 = { readBack: 8, limited: 32, remoteSense: 64, outputOn: 128 } as const;

export const ERRORS_2450: Readonly<Record<number, string>> = {
  [-113]: 'Undefined header',
  5074: 'Output voltage limited by interlock',
};

export const LIST_LIMITS = { perCommand: 100, total: 2500 };
export const DEFAULT_BUFFER_POINTS = 100_000;
