import type { LineKind } from '../../drivers/capabilities.ts';

/** The parts of the self-test, in the order in which they run and are reported. */
export const SELF_TEST_CHECKS = [
  'openRouteZero',
  'referenceResistor',
  'enableLines',
  'columnLines',
  'columnOrder',
  'rowLines',
  'rowOrder',
  'pairOrder',
  'addressWrite',
] as const;
export type SelfTestCheck = (typeof SELF_TEST_CHECKS)[number];

/**
 * `notProven`: nothing speaks against it, but it could not be shown (no address code on the die, an earlier fault in
 * the way). Never counted as passed.
 */
export type CheckOutcome = 'passed' | 'failed' | 'notProven';

export type LineFault =
  | 'open'
  | 'stuckOpen'
  | 'stuckClosed'
  | 'stuckHigh'
  | 'shorted'
  | 'leaking'
  | 'swapped'
  | 'mirrored'
  | 'aliased'
  | 'permuted'
  | 'offset'
  | 'wrongValue'
  | 'notWritable';

export interface TestedLine {
  readonly kind: LineKind | 'enable';
  readonly index: number;
  /** Pad on the probe card, from the pad map of the bench file. */
  readonly pad: number;
}

export interface SelfTestFinding {
  readonly check: SelfTestCheck;
  readonly fault: LineFault;
  /** The lines concerned, ascending; none where the fault is not of a line. */
  readonly lines: readonly TestedLine[];
  /** One sentence: what was seen and what it points to. */
  readonly text: string;
  /** `die`: the same line works on another die, so the bench is not to blame. */
  readonly blames: 'bench' | 'die';
}

export interface CheckSummary {
  readonly check: SelfTestCheck;
  readonly outcome: CheckOutcome;
  readonly text: string;
}

/** The figures behind the checks that measure something, SI units. */
export interface SelfTestFigures {
  /** Largest channel current with every crosspoint open, at 0 V and at the test voltage. */
  readonly zeroAmps: number | null;
  readonly openRouteAmps: number | null;
  readonly referenceOhms: number | null;
  /** Median conductance over the rows and pairs that were read, siemens. */
  readonly medianCellSiemens: number | null;
  /** Cells that a write pulse was sent to. */
  readonly cellsWritten: number;
}

export const SELF_TEST_FORMAT = 'tunnelbench-self-test';

/** What `bench test` leaves; stored as JSON with the measurement that follows. */
export interface SelfTestReport {
  readonly format: typeof SELF_TEST_FORMAT;
  readonly version: 1;
  readonly bench: string;
  readonly waferId: string;
  /** Dies that were contacted, one touchdown each. */
  readonly dies: readonly number[];
  readonly startedAt: string;
  readonly endedAt: string;
  readonly checks: readonly CheckSummary[];
  readonly findings: readonly SelfTestFinding[];
  readonly figures: SelfTestFigures;
  /** How the bench was left, as a session records it. */
  readonly safeState: unknown;
  /** No finding blames the bench, and the bench was left safe. What is not proven does not count against it. */
  readonly ok: boolean;
}
