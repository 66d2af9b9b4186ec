/**
 * What is done to a cell in one sweep, and what comes back. A sweep is one or more segments that run back to back on
 * the same route, each a voltage list with its own integration time and range; every segment ends at 0 V.
 */

export const SEGMENT_NAMES = [
  'preRead',
  'initialise',
  'loopToP',
  'readP',
  'loopToAp',
  'readAP',
  'lowBias',
  'quickRead',
  'writeAP',
  'quickAP',
  'writeP',
  'quickP',
] as const;
export type SegmentName = (typeof SEGMENT_NAMES)[number];

/**
 * One voltage list. Junction voltage is column minus row, signed as applied: the bench's polarity is already in it.
 * `volts` holds the measured points only and may end at any level: the source itself goes to 0 V after the last point
 * of every segment and idles there.
 */
export interface Segment {
  readonly name: SegmentName;
  readonly volts: readonly number[];
  /** Integration time in power line cycles. */
  readonly nplc: number;
  /** Wait between the source step and the start of the integration. */
  readonly settleSeconds: number;
  /** Own range and limit, or null: the range and limit of the branch that the pre-read chose. */
  readonly fixed: CurrentRange | null;
}

export interface CurrentRange {
  readonly rangeAmps: number;
  readonly limitAmps: number;
}

/** What the pre-read decides, first match by ascending `belowOhms`; the last branch has belowOhms = Infinity. */
export interface Branch {
  readonly belowOhms: number;
  readonly action: 'lowBiasOnly' | 'loop' | 'open';
  /** Range and limit of the loop; also used for 'open', where the loop is not run, as null. */
  readonly range: CurrentRange | null;
}

/**
 * The programme loaded into the source once per recipe. `preRead` runs first; then, by branch, `loop` (initialise,
 * both halves, read blocks), or `lowBias` (linearity check), or nothing more (open: the pre-read is repeated).
 */
export interface SweepProgramme {
  readonly preRead: Segment;
  readonly lowBias: Segment;
  readonly loop: readonly Segment[];
  readonly branches: readonly Branch[];
  /** Range and limit of the repeat after a loop in compliance. */
  readonly complianceRepeat: CurrentRange;
  /** Hard ceiling of |column − row|; no list may exceed it. */
  readonly junctionCeilingVolts: number;
  /** Quick read of an adaptive plan: low-bias read, write AP, read, write P, read; absent where every cell has a loop. */
  readonly quick?: readonly Segment[];
}

/**
 * How the lines of an enabled pair are driven.
 * - `pair`: both columns at one potential, current sensed at each column: two cells per sweep, other rows float.
 * - `aloneA` / `aloneB`: the other column is held at the row's potential, so that its cell carries nothing whatever
 *   its state; current is sensed at the row. Half-selected cells see V/2 and are counted. Used when the partner is
 *   shorted or was in compliance.
 * - `single`: one channel, HI and LO swapped by the router, neighbour on guard.
 */
export type Access = 'pair' | 'aloneA' | 'aloneB' | 'single';

/** The access whose systematic errors a sweep has: a cell under single access beside a short has those of alone access. */
export function errorsLike(access: Access, side: PairSide, besideShort: boolean): Access {
  if (access !== 'single' || !besideShort) return access;
  return side === 'A' ? 'aloneA' : 'aloneB';
}

/** The two columns of an enable line: A the even, B the odd one. */
export type PairSide = 'A' | 'B';

export type SweepKind = 'loop' | 'lowBias' | 'open' | 'quick';

/** Readings of one cell, one element per point in programme order. NaN never occurs; see PointFlag.missing. */
export interface Readings {
  /** Measured column − row voltage. */
  readonly volts: Float32Array;
  /** Current through the cell, positive from column to row. */
  readonly amps: Float32Array;
  /** PointFlag bits. */
  readonly flags: Uint8Array;
}

/** One side's outcome of a sweep over a pair. */
export interface SideReading {
  readonly kind: SweepKind;
  /** Index into SweepProgramme.branches chosen from the pre-read. */
  readonly branch: number;
  /** preRead points followed by those of the kind's segments; a quick read has its own low-bias read instead. */
  readonly readings: Readings;
  /** OR of the instrument's raw status words (32 bits). */
  readonly rawStatus: number;
}

/** The segments of a sweep of the given kind, pre-read included, in the order of the readings. */
export function segmentsOf(programme: SweepProgramme, kind: SweepKind): readonly Segment[] {
  switch (kind) {
    case 'loop':
      return [programme.preRead, ...programme.loop];
    case 'lowBias':
      return [programme.preRead, programme.lowBias];
    case 'open':
      return [programme.preRead, programme.preRead];
    case 'quick':
      return programme.quick ?? [];
  }
}

export function pointCount(segments: readonly Segment[]): number {
  return segments.reduce((sum, { volts }) => sum + volts.length, 0);
}

/** Start and end (exclusive) of a named segment in the readings; null where the sweep has no such segment. */
export function segmentSpan(segments: readonly Segment[], name: SegmentName): { start: number; end: number } | null {
  let start = 0;
  for (const segment of segments) {
    const end = start + segment.volts.length;
    if (segment.name === name) return { start, end };
    start = end;
  }
  return null;
}

/** First branch whose bound lies above the resistance. `ohms` may be Infinity or negative (noise around open). */
export function chooseBranch(branches: readonly Branch[], ohms: number): number {
  const magnitude = Math.abs(ohms);
  const index = branches.findIndex(({ belowOhms }) => magnitude < belowOhms);
  return index === -1 ? branches.length - 1 : index;
}

/**
 * Inverse slope of I(V) by least squares with intercept, skipping unusable points; Infinity when the slope vanishes,
 * null with fewer than two distinct voltages left. The pre-read branch decision and quick checks use it.
 */
export function slopeOhms(readings: Readings, start: number, end: number, unusable: number): number | null {
  let n = 0;
  let sumV = 0;
  let sumI = 0;
  for (let i = start; i < end; i++) {
    if (readings.flags[i] & unusable) continue;
    n += 1;
    sumV += readings.volts[i];
    sumI += readings.amps[i];
  }
  if (n < 2) return null;
  const meanV = sumV / n;
  const meanI = sumI / n;
  let sVV = 0;
  let sVI = 0;
  for (let i = start; i < end; i++) {
    if (readings.flags[i] & unusable) continue;
    const dv = readings.volts[i] - meanV;
    sVV += dv * dv;
    sVI += dv * (readings.amps[i] - meanI);
  }
  if (sVV === 0) return null;
  return sVI === 0 ? Number.POSITIVE_INFINITY : sVV / sVI;
}
