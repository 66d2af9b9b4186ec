/** Bits of CellRecord.flags: what a class and a cause cannot say. Stored; a bit never changes its meaning. */
export const CellFlag = {
  /** A loop point reached the current limit. */
  compliance: 0x0001,
  /** A half-loop's measured |V| stayed below the planned amplitude. */
  amplitudeNotReached: 0x0002,
  /** More jumps than one transition per half, a jump back, or telegraph noise in a read block. */
  unstable: 0x0004,
  /** I(V) to ±50 mV is not a straight line. */
  nonlinear: 0x0008,
  /** A quantity lies within the guard band of a boundary; neighbourClass says which class is beyond it. */
  nearBoundary: 0x0010,
  /** Shorted and below the "line short?" threshold. */
  lineShortSuspected: 0x0020,
  /** R_P or R_AP comes from the loop's own low-bias points, because its read block was unusable. */
  readBlockUnusable: 0x0040,
  /** Only one transition, or transitions of the wrong sign. */
  contradictory: 0x0080,
  /** The junction broke during the sweep. */
  failedInTest: 0x0100,
  /** A transition went through an intermediate level (two jumps of the same sign). */
  intermediate: 0x0200,
  /** Some points were unusable because the other column of the pair was in compliance. */
  partnerLimited: 0x0400,
  /** The resistance was taken from current-limited points, where V and I are measured but V is below what was asked. */
  limitedResistance: 0x0800,
  /** Settled by a quick read: no loop was run, so there are no switching voltages. */
  noLoop: 0x1000,
} as const;

export type CellFlagName = keyof typeof CellFlag;

/** Names of the bits set, in the order of the bits. */
export function cellFlagNames(flags: number): CellFlagName[] {
  return (Object.keys(CellFlag) as CellFlagName[]).filter((name) => (flags & CellFlag[name]) !== 0);
}
