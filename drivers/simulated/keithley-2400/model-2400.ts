import type { SmuDefaults, SmuModel } from '../scpi/smu-front-end.ts';

/** Ranges of Model 2400 (data sheet), 5 % overhead each. */
export const MODEL_2400: SmuModel = {
  voltRanges: [0.2, 2, 20, 200],
  ampRanges: [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1],
  rangeLimitsOutput: true,
  openInterlockVolts: 0,
  // Ohms guard (user's manual, "Guard").
  guardAmps: 0.05,
};

/** After *RST: compliance 105 µA and 21 V, measuring ranges automatic. */
export const DEFAULTS_2400: SmuDefaults = {
  limitAmps: 1.05e-4,
  limitVolts: 21,
  measureRangeAmps: 1e-4,
  measureRangeVolts: 20,
  autozero: true,
  // Cable guard: about 10 kΩ.
  guardDrives: false,
};

/** Status element of a reading (reference manual, "FORMat:ELEMents"). */
export const STATUS_2400 = {
  overflow: 1 << 0,
  frontTerminals: 1 << 2,
  compliance: 1 << 3,
  voltsMeasured: 1 << 11,
  ampsMeasured: 1 << 12,
  ohmsMeasured: 1 << 13,
  voltsSourced: 1 << 14,
  ampsSourced: 1 << 15,
  rangeCompliance: 1 << 16,
  remoteSense: 1 << 22,
} as const;

/** Measurement event register. */
export const MEASUREMENT_2400 = { readingAvailable: 1 << 6, bufferFull: 1 << 9, compliance: 1 << 14 } as const;

export const ERRORS_2400: Readonly<Record<number, string>> = {
  701: 'ASCII only with RS-232',
  800: 'Illegal with storage active',
  802: 'OUTPUT blocked by output enable',
  803: 'Not permitted with OUTPUT off',
  822: 'Too small for sense range',
  824: 'Cannot exceed compliance range',
};

/** Largest number of points of one run of the trigger model, and of a source list. */
export const MOST_POINTS = 2500;
