import type { PairReading, SweepRequest } from '../drivers/capabilities.ts';
import { PointFlag, UNUSABLE_POINT } from '../wafer/point-flags.ts';
import {
  type Access,
  type CurrentRange,
  chooseBranch,
  type PairSide,
  type SideReading,
  type SweepProgramme,
  segmentSpan,
  segmentsOf,
  slopeOhms,
} from '../wafer/sweep.ts';

/** What to run on a pair: the request without its token. */
export type RunRequest = Omit<SweepRequest, 'token' | 'exchange'>;

/** One side's complete sweep as it will be stored. */
export interface SideSweep {
  readonly side: PairSide;
  readonly reading: SideReading;
  readonly access: Access;
  /** Range and limit of the loop where they were not the branch's own. */
  readonly override: CurrentRange | null;
  readonly startedAtMs: number;
  readonly instrumentSeconds: number;
  readonly residualAmps: number;
}

interface DoneRun {
  readonly request: RunRequest;
  readonly reading: PairReading;
}

/** What is known of a pair so far. */
export interface PairState {
  readonly programme: SweepProgramme;
  /** What a pair is measured under; 'single' measures one side at a time. */
  readonly scheme: 'pair' | 'single';
  /** B is missing with one column per enable line. */
  readonly sides: readonly PairSide[];
  /** Complete sweeps, oldest first; a side's last one is its sweep of record. */
  readonly sweeps: readonly SideSweep[];
  readonly runs: readonly DoneRun[];
  /** Whether the partner of a low column gets the quick read first, as the pair did. */
  readonly quickAlone?: boolean;
}

export const FIRST_RUN: RunRequest = { run: 'auto', access: 'pair', rangeOverride: null };

/** The first run of a pair whose clear cells an adaptive plan settles without a loop. */
export const QUICK_RUN: RunRequest = { run: 'quick', access: 'pair', rangeOverride: null };

/** The same under single access. */
export const FIRST_SINGLE_RUN: RunRequest = { ...FIRST_RUN, access: 'single' };
export const QUICK_SINGLE_RUN: RunRequest = { ...QUICK_RUN, access: 'single' };
export const LOW_BIAS_SINGLE_RUN: RunRequest = { run: 'lowBias', access: 'single', rangeOverride: null };

/** Never more runs on one pair than this, whatever the readings say. */
export const MOST_RUNS = 10;

const COMPLIANCE = PointFlag.compliance | PointFlag.rangeCompliance;

export function freshPair(programme: SweepProgramme, sides: readonly PairSide[]): PairState {
  return { programme, scheme: 'pair', sides, sweeps: [], runs: [] };
}

/** One cell of a pair under single access. */
export function freshSide(programme: SweepProgramme, side: PairSide): PairState {
  return { programme, scheme: 'single', sides: [side], sweeps: [], runs: [] };
}

/** Adds a run: the sides it completed get their sweep. */
export function afterRun(state: PairState, request: RunRequest, reading: PairReading, startedAtMs: number): PairState {
  const runs = [...state.runs, { request, reading }];
  const sweeps = [...state.sweeps];
  for (const side of state.sides) {
    const ofSide = reading[side];
    if (ofSide === null || !completes({ ...state, runs }, side, request, reading)) continue;
    const { access, instrumentSeconds, residualAmps } = reading;
    const override = request.rangeOverride?.[side] ?? null;
    sweeps.push({ side, reading: ofSide, access, override, startedAtMs, instrumentSeconds, residualAmps });
  }
  return { ...state, runs, sweeps };
}

/**
 * Decides what a pair still needs: the linearity check of a shorted side, its partner alone, the re-check of an open
 * side, the repeat at the higher limit after compliance. Null when every side has its sweep of record.
 */
export function nextRun(state: PairState): RunRequest | null {
  if (state.runs.length === 0) return state.scheme === 'pair' ? FIRST_RUN : FIRST_SINGLE_RUN;
  if (state.runs.length >= MOST_RUNS) return null;
  return nextForPreRead(state) ?? nextForLimitedQuick(state) ?? nextForCompliance(state);
}

/**
 * The runs that give these sides of a quickly read pair their loops. Together where the pair was measured together; a side
 * measured alone gets its loop so, and where a read after a write reached its limit, the loop's would too and say nothing of
 * the partner.
 */
export function loopRuns(state: PairState, sides: readonly PairSide[]): RunRequest[] {
  const apart = sides.filter((side) => latestOf(state, side)?.access !== 'pair' || quickLimited(state));
  const together = apart.length < sides.length;
  return [...(together ? [FIRST_RUN] : []), ...apart.map((side) => plain('auto', aloneOf(side)))];
}

/** Whether a quick read of both columns reached a limit, so that neither says anything of its cell. */
function quickLimited({ runs }: PairState): boolean {
  const quick = runs.findLast(({ request: { run, access } }) => run === 'quick' && access === 'pair');
  if (quick === undefined || quick.reading.preReadOnly) return false;
  const { A, B } = quick.reading;
  return [A, B].some(
    (side) => side !== null && hasFlag(side.readings.flags, COMPLIANCE, 0, side.readings.flags.length),
  );
}

/** Beside a cell that passes more than the reads after the writes have room for: the other one quickly, by itself. */
function nextForLimitedQuick(state: PairState): RunRequest | null {
  if (state.quickAlone !== true || !quickLimited(state)) return null;
  const { branches } = state.programme;
  const limits = branches.flatMap(({ range }) => range?.limitAmps ?? []);
  for (const side of state.sides) {
    const latest = latestOf(state, side);
    if (latest?.reading.kind !== 'quick' || latest.access !== 'pair') continue;
    const { action, range } = branches[latest.reading.branch];
    const plainlyLow = range !== null && range.limitAmps > Math.min(...limits);
    if (action === 'loop' && !plainlyLow) return plain('quick', aloneOf(side));
  }
  return null;
}

/** The latest complete sweep of a side. */
export function latestOf({ sweeps }: Pick<PairState, 'sweeps'>, side: PairSide): SideSweep | undefined {
  return sweeps.findLast((sweep) => sweep.side === side);
}

/** Sides without a sweep: their pre-read asked for another treatment than the pair loop. */
function nextForPreRead(state: PairState): RunRequest | null {
  const waiting = state.sides.filter((side) => latestOf(state, side) === undefined);
  const [side] = waiting;
  if (side === undefined) return null;
  if (state.scheme === 'single') return nextForSide(state, side);
  const alone = aloneOf(side);

  // The linearity check has room for a short's current, so it also tells which side was pulled low by its partner.
  const someLow = waiting.some((one) => actionOf(state, one, 'pair') === 'lowBiasOnly');
  if (someLow && timesRun(state, 'lowBias', 'pair') === 0) return plain('lowBias', 'pair');
  // Both open: look again; a pair that has closed meanwhile starts over, once.
  if (timesRun(state, 'lowBias', 'pair') === 0) {
    const looks = timesRun(state, 'auto', 'pair') + timesRun(state, 'quick', 'pair');
    return timesRun(state, 'preRead', 'pair') < looks ? plain('preRead', 'pair') : FIRST_RUN;
  }
  // The partner of a shorted column is measured with that column held at the row's potential.
  if (timesRun(state, 'auto', alone) + timesRun(state, 'quick', alone) === 0) {
    return plain(state.quickAlone === true ? 'quick' : 'auto', alone);
  }
  return plain(actionOf(state, side, alone) === 'lowBiasOnly' ? 'lowBias' : 'preRead', alone);
}

/** One cell by itself: a short is checked for its linearity, an open one looked at again; one that has closed starts over, once. */
function nextForSide(state: PairState, side: PairSide): RunRequest {
  if (actionOf(state, side, 'single') === 'lowBiasOnly') return LOW_BIAS_SINGLE_RUN;
  const looks = timesRun(state, 'auto', 'single') + timesRun(state, 'quick', 'single');
  return timesRun(state, 'preRead', 'single') < looks ? plain('preRead', 'single') : FIRST_SINGLE_RUN;
}

/** Whether a run gave this side a sweep that stands by itself. */
function completes(state: PairState, side: PairSide, { run, access }: RunRequest, reading: PairReading): boolean {
  if (reading.preReadOnly) return false;
  if (run === 'auto' || run === 'loop' || run === 'quick') return true;
  const ofSide = reading[side] as SideReading;
  const latest = latestOf(state, side);
  if (latest !== undefined) {
    // The check after a loop in compliance: a junction that broke is described by it, any other by its loop.
    return run === 'lowBias' && loopInCompliance(state.programme, latest) && staysLow(state.programme, ofSide);
  }
  if (access === 'aloneA' || access === 'aloneB') return true;
  if (run === 'lowBias') return access === 'single' || staysLow(state.programme, ofSide);
  const secondLook = timesRun(state, 'preRead', access) > 1;
  return secondLook || !state.sides.some((one) => closedOnRecheck(state.programme, reading[one]));
}

/** Low by its own linearity check, or so low that every point is in compliance although its partner is not. */
function staysLow(programme: SweepProgramme, { readings }: SideReading): boolean {
  const span = segmentSpan(segmentsOf(programme, 'lowBias'), 'lowBias');
  if (span === null || readings.flags.length < span.end) return false;
  const ohms = slopeOhms(readings, span.start, span.end, UNUSABLE_POINT);
  if (ohms !== null) return actionFor(programme, ohms) === 'lowBiasOnly';
  return !hasFlag(readings.flags, PointFlag.partnerLimited, span.start, span.end);
}

/** Whether the second pre-read of a re-check names a branch that is to be measured. */
function closedOnRecheck(programme: SweepProgramme, reading: SideReading | null): boolean {
  const length = programme.preRead.volts.length;
  if (reading === null || reading.readings.flags.length < 2 * length) return false;
  const ohms = slopeOhms(reading.readings, length, 2 * length, UNUSABLE_POINT);
  return ohms !== null && actionFor(programme, ohms) !== 'open';
}

/**
 * A loop in compliance: first a look at low bias with room for the current, because the junction may have broken; if not,
 * once more at the higher limit. A partner that may have been fed is then measured alone.
 */
function nextForCompliance(state: PairState): RunRequest | null {
  const { programme, sides, runs } = state;
  const limited = sides.filter((side) => isLimited(programme, latestOf(state, side)));
  const unchecked = limited.find((side) => !checkedSinceLoop(state, side));
  if (unchecked !== undefined) return plain('lowBias', latestOf(state, unchecked)?.access ?? 'pair');

  const raised = limited.filter((side) => hasHigherLimit(programme, latestOf(state, side)));
  if (raised.length > 0 && !runs.some(({ request }) => request.rangeOverride !== null)) {
    const access = latestOf(state, raised[0])?.access ?? 'pair';
    const together = raised.filter((side) => latestOf(state, side)?.access === access);
    const rangeFor = (side: PairSide) => (together.includes(side) ? programme.complianceRepeat : null);
    return { run: 'loop', access, rangeOverride: { A: rangeFor('A'), B: rangeFor('B') } };
  }
  for (const side of sides) {
    const latest = latestOf(state, side);
    if (latest?.reading.kind !== 'loop' || latest.access !== 'pair') continue;
    const { flags } = latest.reading.readings;
    const fed = hasFlag(flags, PointFlag.partnerLimited, 0, flags.length);
    if (fed && timesRun(state, 'auto', aloneOf(side)) === 0) return plain('auto', aloneOf(side));
  }
  return null;
}

function isLimited(programme: SweepProgramme, sweep: SideSweep | undefined): boolean {
  return sweep !== undefined && loopInCompliance(programme, sweep);
}

function hasHigherLimit(programme: SweepProgramme, sweep: SideSweep | undefined): boolean {
  if (sweep === undefined || sweep.override !== null) return false;
  const { range } = programme.branches[sweep.reading.branch];
  return range !== null && range.limitAmps < programme.complianceRepeat.limitAmps;
}

/** Whether a linearity check of the side followed its last loop. */
function checkedSinceLoop({ runs }: PairState, side: PairSide): boolean {
  const last = runs.findLast(({ request: { run, access } }) => {
    return run !== 'preRead' && (access === 'pair' || access === 'single' || access === aloneOf(side));
  });
  return last?.request.run === 'lowBias';
}

/** Whether one of the loop's own lists reached the limit; a read block's range is fixed and cannot be raised. */
export function loopInCompliance(programme: SweepProgramme, { reading }: SideSweep): boolean {
  if (reading.kind !== 'loop') return false;
  const segments = segmentsOf(programme, 'loop');
  const { flags } = reading.readings;
  return segments.some(({ name, fixed }) => {
    const span = fixed === null ? segmentSpan(segments, name) : null;
    return span !== null && hasFlag(flags, COMPLIANCE, span.start, span.end);
  });
}

/** Whether a point from `start` to before `end` carries one of the bits; asked of every point of every cell. */
function hasFlag(flags: Uint8Array, bits: number, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (flags[i] & bits) return true;
  return false;
}

/** Branch action of a side in the last run under this access that looked at it. */
function actionOf({ programme, runs }: PairState, side: PairSide, access: Access): string | undefined {
  const looks = ({ request }: DoneRun) => ['auto', 'quick'].includes(request.run) && request.access === access;
  const reading = runs.findLast(looks)?.reading[side];
  return reading ? programme.branches[reading.branch].action : undefined;
}

function actionFor({ branches }: SweepProgramme, ohms: number): string {
  return branches[chooseBranch(branches, ohms)].action;
}

function timesRun({ runs }: PairState, run: RunRequest['run'], access: Access): number {
  return runs.filter(({ request }) => request.run === run && request.access === access).length;
}

function aloneOf(side: PairSide): Access {
  return side === 'A' ? 'aloneA' : 'aloneB';
}

function plain(run: RunRequest['run'], access: Access): RunRequest {
  return { run, access, rangeOverride: null };
}
