/** Normalised status of one measured point: one byte, any combination of bits. Every driver maps its family's own bits. */
export const PointFlag = {
  /** The source reached its programmed limit: |V| is below what was asked, I sits at the limit. */
  compliance: 0x01,
  /** The fixed measuring range clipped the limit ("range compliance"). */
  rangeCompliance: 0x02,
  /** The reading is over range: it has no value. */
  overRange: 0x04,
  /** An automatic range change happened at this point. */
  autoRange: 0x08,
  /** The other column of the pair was in compliance: this column may have fed a sneak path. */
  partnerLimited: 0x10,
  /** No reading: volts and amps hold 0 and must not be used. */
  missing: 0x20,
} as const;

/** Bits that make a point unfit for any fit or verdict. */
export const UNUSABLE_POINT =
  PointFlag.compliance | PointFlag.rangeCompliance | PointFlag.overRange | PointFlag.partnerLimited | PointFlag.missing;
