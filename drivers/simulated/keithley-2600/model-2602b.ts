/** Model 2602B. */
export const VOLT_RANGES = [0.1, 1, 6, 40] as const;
export const AMP_RANGES = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 3] as const;

export const SmuConstant = {
  OUTPUT_DCAMPS: 0,
  OUTPUT_DCVOLTS: 1,
  OUTPUT_OFF: 0,
  OUTPUT_ON: 1,
  OUTPUT_NORMAL: 0,
  OUTPUT_HIGH_Z: 1,
  OUTPUT_ZERO: 2,
  AUTORANGE_OFF: 0,
  AUTORANGE_ON: 1,
  AUTORANGE_FOLLOW_LIMIT: 2,
  AUTOZERO_OFF: 0,
  AUTOZERO_ONCE: 1,
  AUTOZERO_AUTO: 2,
  SENSE_LOCAL: 0,
  SENSE_REMOTE: 1,
  DELAY_OFF: 0,
  DELAY_AUTO: -1,
  DISABLE: 0,
  ENABLE: 1,
  ASYNC: 2,
  SOURCE_IDLE: 0,
  SOURCE_HOLD: 1,
  LIMIT_AUTO: 0,
  OE_NONE: 0,
  OE_OUTPUT_OFF: 1,
  FUNC_DC_CURRENT: 0,
  FUNC_DC_VOLTAGE: 1,
} as const;

/** Status word of a reading. */
export const READING_STATUS = {
  autoRangeMeasure: 0x04,
  autoRangeSource: 0x08,
  fourWire: 0x10,
  relative: 0x20,
  compliance: 0x40,
} as const;

/** Smallest range that holds the value, or the largest there is. */
export function smallestRange(ranges: readonly number[], value: number): number {
  return ranges.find((range) => value <= range * 1.0001) ?? ranges[ranges.length - 1];
}
