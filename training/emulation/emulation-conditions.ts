import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { DEFAULT_READ_OUT, type ReadOut } from '../mapping/read-out.ts';

/** Everything besides solution and die that an emulated error depends on. Plain JSON: the store tells results apart by it. */
export interface EmulationConditions {
  readonly readOut: ReadOut;
  /** Voltage at which the cells' conductances were taken from their loops; null: the low-bias fit of the die model. */
  readonly readVolts: number | null;
  /** Null: the default layout. */
  readonly mapping: Mapping | null;
  readonly repeatability: { readonly relativeSigma: number; readonly seed: number } | null;
  readonly images: ImageSet;
}

/** Choices look at training or validation images; test images only report. */
export type ImageSet = 'train' | 'validation' | 'test';

export const DEFAULT_CONDITIONS: EmulationConditions = Object.freeze({
  readOut: DEFAULT_READ_OUT,
  readVolts: null,
  mapping: null,
  repeatability: null,
  images: 'test',
});

/** Throws TB_TRAINING_PARAMETER for a repeatability that is no relative standard deviation. */
export function checkConditions(conditions: EmulationConditions): EmulationConditions {
  const sigma = conditions.repeatability?.relativeSigma ?? 0;
  if (sigma >= 0 && sigma < 1) return conditions;
  throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
    thing: 'repeatability noise',
    what: 'it is no relative standard deviation',
    value: `${sigma}`,
    expected: 'from 0 to below 1',
    remedy: 'Correct --repeatability.',
  });
}
