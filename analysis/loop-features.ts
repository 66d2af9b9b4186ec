import type { CellState } from '../wafer/cell-class.ts';
import { PointFlag, UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Readings } from '../wafer/sweep.ts';
import { type CellLevels, cellLevels, type Level } from './cell-levels.ts';
import { conductanceJumps, type Jump } from './conductance-jumps.ts';
import { failedInTest } from './failed-in-test.ts';
import { type Hysteresis, hysteresis } from './hysteresis.ts';
import type { HalfLayout, LoopLayout } from './programme-layout.ts';

/** A measured switching voltage with its sign; the uncertainty is the step of the staircase over √12. */
export interface SwitchingVoltage {
  readonly volts: number;
  readonly uncertainty: number;
}

/** What a loop sweep says of its cell, before any threshold is applied. */
export interface LoopFeatures {
  readonly switched: 'yes' | 'no' | 'contradictory';
  /** Level after the half that sets P, and after the half that sets AP. Of a broken cell both are the final level. */
  readonly levelP: Level | null;
  readonly levelAp: Level | null;
  /** Switching voltages at positive and negative column − row; null where that half shows no transition. */
  readonly vSwitchPositive: SwitchingVoltage | null;
  readonly vSwitchNegative: SwitchingVoltage | null;
  readonly compliance: boolean;
  readonly amplitudeReached: boolean;
  readonly stable: boolean;
  /** A transition went through an intermediate level. */
  readonly intermediate: boolean;
  readonly failedInTest: boolean;
  readonly partnerLimited: boolean;
  /** Standard deviation of one reading of the read blocks; null where both were unusable. */
  readonly noiseAmps: number | null;
  readonly stateFound: CellState;
  readonly stateLeft: CellState;
  /** For a cell that does not switch: the state its bias dependence suggests. */
  readonly resembles: CellState;
}

/** A half reaches its amplitude when the largest usable measured |V| is within this fraction of the planned one. */
const AMPLITUDE_TOLERANCE = 0.02;
/** A difference of two levels counts as switching from this ln ratio on, and from this many standard uncertainties. */
const MIN_CONTRAST = 0.005;
const CONTRAST_SIGMAS = 5;
/** An open half-loop counts as a transition from this mean ln ratio on. */
const MIN_OPENING = 0.02;
const PLAINLY = 1.05;
/** A jump that counts as a transition even where the low-bias levels do not show it (ln ratio; telegraph noise is below). */
const PLAIN_JUMP = 0.1;
/** A jump against the direction of its half that counts as a return, not as noise (ln ratio). */
const RETURN_JUMP = 0.015;
/** Scatter of ln G along a half-loop beyond which the junction, not the instrument, is restless. */
const TELEGRAPH_SCATTER = 0.005;
/** A pre-read within this factor of a level is that state. */
const STATE_TOLERANCE = 1.25;
/** G at full amplitude over G at low bias: a barrier in P keeps it, one in AP at TMR 1 and V_h 0.5 V raises it by 1.5. */
const P_LIKE_BELOW = 1.25;
const AP_LIKE_ABOVE = 1.35;
/** R_P falls by a few per cent up to 0.5 V: what a level taken at high bias may be off. */
const PLATEAU_UNCERTAINTY = 0.05;
/** Below this a pre-read is no contact at all (10 MΩ): such a cell cannot break, only make contact. */
const OPEN_BELOW_SIEMENS = 1e-7;

/** Extracts the features of one loop sweep. `rangeAmps` is the current range the loop ran under. */
export function loopFeatures(readings: Readings, layout: LoopLayout, rangeAmps: number): LoopFeatures {
  const levels = cellLevels(readings, layout, rangeAmps);
  const limits = limitsOf(readings, layout);
  if (failedInTest(levels.stages, OPEN_BELOW_SIEMENS)) return brokenFeatures(levels.end, limits, levels.noiseAmps);

  const { jumps: jumpsToP, scatter: scatterToP } = conductanceJumps(readings, layout.toP, levels.loopAmps);
  const { jumps: jumpsToAp, scatter: scatterToAp } = conductanceJumps(readings, layout.toAp, levels.loopAmps);
  const openings = { toP: hysteresis(readings, layout.toP), toAp: hysteresis(readings, layout.toAp) };
  const switched = switchingVerdict(levels, openings, jumpsToP, jumpsToAp);
  const magnetic = switched === 'yes';
  const hysteretic = magnetic && (contrast(levels.p, levels.ap) === -1 || isLower(levels.ap, levels.p));
  const vToP = magnetic ? switchingVoltage(readings, jumpsToP, 1) : null;
  const vToAp = magnetic ? switchingVoltage(readings, jumpsToAp, -1) : null;
  const resembles = switched === 'no' ? resemblance(readings, layout.toP, levels.p) : 'unknown';
  const telegraph = levels.telegraph || Math.max(scatterToP, scatterToAp) > TELEGRAPH_SCATTER;
  const returned = jumpsBack(jumpsToP, 1) || jumpsBack(jumpsToAp, -1);
  return {
    switched,
    levelP: magnetic && !hysteretic ? highest(levels.p, plateauLevel(readings, layout.toP, jumpsToP)) : levels.p,
    levelAp: magnetic && !hysteretic ? lowest(levels.ap, levels.start) : levels.ap,
    vSwitchPositive: layout.toP.polarity === 1 ? vToP : vToAp,
    vSwitchNegative: layout.toP.polarity === 1 ? vToAp : vToP,
    ...limits,
    stable: !telegraph && !returned && (!magnetic || hysteretic),
    intermediate: magnetic && jumpsToP.length + jumpsToAp.length > 2,
    failedInTest: false,
    noiseAmps: levels.noiseAmps,
    stateFound: hysteretic ? nearestState(levels.stages.preRead, levels.p, levels.ap) : resembles,
    stateLeft: hysteretic ? 'AP' : resembles,
    resembles,
  };
}

function switchingVerdict(
  levels: CellLevels,
  openings: { readonly toP: Hysteresis | null; readonly toAp: Hysteresis | null },
  toP: readonly Jump[],
  toAp: readonly Jump[],
): LoopFeatures['switched'] {
  const first = contrast(levels.start, levels.p);
  const second = contrast(levels.p, levels.ap);
  if (first === -1 || second === 1) return 'contradictory';
  const sawToP = first === 1 || opens(openings.toP, 1) || toP.some(({ size }) => size > PLAIN_JUMP);
  const sawToAp = second === -1 || opens(openings.toAp, -1) || toAp.some(({ size }) => size < -PLAIN_JUMP);
  if (sawToP && sawToAp) return 'yes';
  return sawToP || sawToAp ? 'contradictory' : 'no';
}

/** The half-loop is open in the direction asked, beyond its own scatter. */
function opens(opening: Hysteresis | null, sign: 1 | -1): boolean {
  if (opening === null) return false;
  return sign * opening.mean > Math.max(MIN_OPENING, CONTRAST_SIGMAS * opening.standardError);
}

/** Plainly lower, where telegraph noise hides it from the test above. */
function isLower(level: Level | null, than: Level | null): boolean {
  return level !== null && than !== null && level.siemens * PLAINLY < than.siemens;
}

/** 1 where the conductance rises from `from` to `to` by more than chance and drift, −1 where it falls, else 0. */
function contrast(from: Level | null, to: Level | null): -1 | 0 | 1 {
  if (from === null || to === null || from.siemens <= 0 || to.siemens <= 0) return 0;
  const change = Math.log(to.siemens / from.siemens);
  const sigma = Math.hypot(from.uncertainty / from.siemens, to.uncertainty / to.siemens);
  if (Math.abs(change) <= Math.max(MIN_CONTRAST, CONTRAST_SIGMAS * sigma)) return 0;
  return change > 0 ? 1 : -1;
}

function switchingVoltage(readings: Readings, jumps: readonly Jump[], sign: 1 | -1): SwitchingVoltage | null {
  const right = jumps.filter(({ size }) => size * sign > 0);
  if (right.length === 0) return null;
  const { before, after } = right.reduce((best, jump) => (Math.abs(jump.size) > Math.abs(best.size) ? jump : best));
  const [from, to] = [readings.volts[before], readings.volts[after]];
  return { volts: (from + to) / 2, uncertainty: Math.abs(to - from) / Math.sqrt(12) };
}

/** A half may change the conductance in one direction only; a jump the other way is back-hopping or telegraph noise. */
function jumpsBack(jumps: readonly Jump[], sign: 1 | -1): boolean {
  return jumps.some(({ size }) => size * sign < -RETURN_JUMP);
}

/** AP-like where R falls strongly with bias (TMR is lost), P-like where it hardly does; see mtj formulas in physics/. */
function resemblance(readings: Readings, half: HalfLayout, low: Level | null): CellState {
  if (low === null || low.siemens <= 0) return 'unknown';
  let best = -1;
  for (let i = half.start; i < half.end; i++) {
    if (readings.flags[i] & UNUSABLE_POINT) continue;
    if (best === -1 || Math.abs(readings.volts[i]) > Math.abs(readings.volts[best])) best = i;
  }
  if (best === -1 || Math.abs(readings.volts[best]) < 0.9 * half.amplitudeVolts) return 'unknown';
  return stateByBias(readings.amps[best] / readings.volts[best] / low.siemens);
}

/** The state that a conductance at full amplitude over that at low bias suggests. */
export function stateByBias(ratio: number): CellState {
  if (ratio < P_LIKE_BELOW) return 'P';
  return ratio > AP_LIKE_ABOVE ? 'AP' : 'unknown';
}

/** The P level of a cell that was in P at high bias only: its largest I/V after the jump. R_P varies little with bias. */
function plateauLevel({ volts, amps, flags }: Readings, half: HalfLayout, jumps: readonly Jump[]): Level | null {
  const first = jumps.find(({ size }) => size > PLAIN_JUMP);
  if (first === undefined) return null;
  let siemens = 0;
  for (let i = first.after; i < half.end; i++) {
    if (flags[i] & UNUSABLE_POINT || Math.abs(volts[i]) < 0.1) continue;
    siemens = Math.max(siemens, amps[i] / volts[i]);
  }
  return { siemens, uncertainty: PLATEAU_UNCERTAINTY * siemens, source: 'loop' };
}

function highest(a: Level | null, b: Level | null): Level | null {
  return b === null || (a !== null && a.siemens >= b.siemens) ? a : b;
}

function lowest(a: Level | null, b: Level | null): Level | null {
  return b === null || (a !== null && a.siemens <= b.siemens) ? a : b;
}

function nearestState(preRead: number | null, p: Level | null, ap: Level | null): CellState {
  if (preRead === null || preRead <= 0 || p === null || ap === null) return 'unknown';
  const toP = Math.abs(Math.log(preRead / p.siemens));
  const toAp = Math.abs(Math.log(preRead / ap.siemens));
  if (Math.min(toP, toAp) > Math.log(STATE_TOLERANCE)) return 'unknown';
  return toP < toAp ? 'P' : 'AP';
}

interface LoopLimits {
  readonly compliance: boolean;
  readonly amplitudeReached: boolean;
  readonly partnerLimited: boolean;
}

function limitsOf(readings: Readings, { toP, toAp }: LoopLayout): LoopLimits {
  const seen = flagsOf(readings, toP) | flagsOf(readings, toAp);
  return {
    compliance: (seen & (PointFlag.compliance | PointFlag.rangeCompliance)) !== 0,
    partnerLimited: (seen & PointFlag.partnerLimited) !== 0,
    amplitudeReached: reaches(readings, toP) && reaches(readings, toAp),
  };
}

function flagsOf({ flags }: Readings, { start, end }: HalfLayout): number {
  let seen = 0;
  for (let i = start; i < end; i++) seen |= flags[i];
  return seen;
}

function reaches({ volts, flags }: Readings, { start, end, amplitudeVolts, polarity }: HalfLayout): boolean {
  for (let i = start; i < end; i++) {
    if (!(flags[i] & UNUSABLE_POINT) && polarity * volts[i] >= (1 - AMPLITUDE_TOLERANCE) * amplitudeVolts) return true;
  }
  return false;
}

/** A broken junction is described by what it is now. */
function brokenFeatures(end: Level | null, limits: LoopLimits, noiseAmps: number | null): LoopFeatures {
  return {
    switched: 'no',
    levelP: end,
    levelAp: end,
    vSwitchPositive: null,
    vSwitchNegative: null,
    ...limits,
    stable: true,
    intermediate: false,
    failedInTest: true,
    noiseAmps,
    stateFound: 'unknown',
    stateLeft: 'unknown',
    resembles: 'unknown',
  };
}
