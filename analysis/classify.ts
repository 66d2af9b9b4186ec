import type { CellRecord, SweepRecord } from '../db/records.ts';
import type { CellCause, CellClass, ClassThresholds } from '../wafer/cell-class.ts';
import type { Access, SweepKind, SweepProgramme } from '../wafer/sweep.ts';
import { type BenchAccuracy, DEFAULT_BENCH_ACCURACY, systematicUncertainty } from './bench-accuracy.ts';
import { CellFlag } from './cell-flags.ts';
import type { Level } from './cell-levels.ts';
import { decide, decideFor, type Verdict } from './decision-table.ts';
import { type LoopFeatures, loopFeatures } from './loop-features.ts';
import { type LowBiasFeatures, lowBiasFeatures } from './low-bias-features.ts';
import { type ProgrammeLayout, programmeLayout } from './programme-layout.ts';
import { type QuickFeatures, type QuickLayout, quickFeatures, quickLayout } from './quick-features.ts';

/** Says what a cell is from its sweep of record. Implements the acquisition's port of the same name. */
export interface Classifier {
  classify(sweep: SweepRecord): CellRecord;
}

/**
 * A classifier for sweeps of one programme under one set of thresholds, on a bench of the accuracy given. Stateless: the same sweep always gives the same
 * record, in any order. A sweep whose number of points is not the programme's is undetermined.
 */
export function createClassifier(
  programme: SweepProgramme,
  thresholds: ClassThresholds,
  accuracy: BenchAccuracy = DEFAULT_BENCH_ACCURACY,
): Classifier {
  const layout = programmeLayout(programme);
  const quick = quickLayout(programme);
  return {
    classify: (sweep) =>
      sweep.kind === 'quick'
        ? classifyQuick(sweep, quick, layout.loop.loopFloorPerRange, thresholds, accuracy)
        : classifySweep(sweep, sweep.kind, layout, thresholds, accuracy),
  };
}

function classifySweep(
  sweep: SweepRecord,
  kind: Exclude<SweepKind, 'quick'>,
  layout: ProgrammeLayout,
  thresholds: ClassThresholds,
  accuracy: BenchAccuracy,
): CellRecord {
  const place = { dieOrdinal: sweep.dieOrdinal, cell: sweep.cell };
  if (sweep.readings.volts.length !== layout[kind].points) return unreadable(place);
  const widened = (level: Level | null) => withSystematic(level, sweep.access, accuracy);
  if (kind === 'loop') {
    const features = loopFeatures(sweep.readings, layout.loop, sweep.rangeAmps);
    return loopRecord(place, features, widened(features.levelP), widened(features.levelAp), thresholds);
  }
  const floorAmps = sweep.rangeAmps * layout.loop.loopFloorPerRange;
  const features = lowBiasFeatures(sweep.readings, layout[kind], floorAmps);
  return quietRecord(place, { ...features, level: widened(features.level) }, thresholds);
}

/**
 * A quick read settles a cell that is plainly of one class: healthy, weak by its TMR or by telegraph noise, subpar, stuck
 * or open. Every other one is undetermined until it has its loop; so is one that may hop back at high bias. Rare telegraph
 * noise does not show in it.
 */
function classifyQuick(
  sweep: SweepRecord,
  layout: QuickLayout,
  floorPerRange: number,
  thresholds: ClassThresholds,
  accuracy: BenchAccuracy,
): CellRecord {
  const place = { dieOrdinal: sweep.dieOrdinal, cell: sweep.cell };
  if (sweep.readings.volts.length !== layout.points) return unreadable(place);
  const features = quickFeatures(sweep.readings, layout, floorPerRange);
  const levelP = withSystematic(features.p, sweep.access, accuracy);
  const levelAp = withSystematic(features.ap, sweep.access, accuracy);
  const p = ohmsOf(levelP);
  const ap = ohmsOf(levelAp);
  const unsettled = { ...unreadable(place), noiseAmps: features.noiseAmps, flags: CellFlag.noLoop };
  if (p === null || ap === null) return unsettled;
  const guard = thresholds.guardSigmas;
  const isOpen = [p, ap].every(({ level }) => level.siemens + guard * level.uncertainty < 1 / thresholds.openAboveOhms);
  if (isOpen && !features.partnerLimited) return { ...unsettled, class: 'open' };
  if (!features.clean) return unsettled;
  if (features.switched === 'yes') return switchingRecord(unsettled, features, p, ap, thresholds);
  const one = ohmsOf(meanLevel(levelP, levelAp));
  const quiet = features.switched === 'no' && features.restless === 'no';
  return quiet && one !== null ? stuckRecord(unsettled, features, one, thresholds) : unsettled;
}

/** Of a quick read whose cell switched. Telegraph noise counts when both reads show it; seen once it may be a disturbance. */
function switchingRecord(
  unsettled: CellRecord,
  { restless, hops, foundP }: QuickFeatures,
  p: Ohms,
  ap: Ohms,
  thresholds: ClassThresholds,
): CellRecord {
  const stable = restless === 'no';
  const verdict: Verdict = {
    measured: true,
    rLow: p.ohms,
    rHigh: ap.ohms,
    switched: 'yes',
    limited: false,
    stable,
  };
  const cellClass = decide(verdict, thresholds);
  if (restless === 'once' || (cellClass === 'healthy' && hops)) return unsettled;
  const neighbourClass = neighbourOf(verdict, cellClass, p, ap, thresholds);
  return {
    ...unsettled,
    class: cellClass,
    neighbourClass,
    stateFound: foundP ? 'P' : 'AP',
    stateLeft: 'P',
    rP: p.ohms,
    rPUncertainty: p.uncertainty,
    rAp: finite(ap.ohms),
    rApUncertainty: finite(ap.uncertainty),
    tmr: finite((ap.ohms - p.ohms) / p.ohms),
    flags: CellFlag.noLoop | (stable ? 0 : CellFlag.unstable) | (neighbourClass === null ? 0 : CellFlag.nearBoundary),
  };
}

/** Of a quick read whose cell stayed as it was at full amplitude in both directions; a short among them has its own check. */
function stuckRecord(
  unsettled: CellRecord,
  { resembles }: QuickFeatures,
  one: Ohms,
  thresholds: ClassThresholds,
): CellRecord {
  const verdict: Verdict = {
    measured: true,
    rLow: one.ohms,
    rHigh: one.ohms,
    switched: 'no',
    limited: false,
    stable: true,
  };
  if (decide(verdict, thresholds) !== 'stuck') return unsettled;
  const neighbourClass = neighbourOf(verdict, 'stuck', one, one, thresholds);
  return {
    ...unsettled,
    class: 'stuck',
    neighbourClass,
    stuckState: resembles,
    stateFound: resembles,
    stateLeft: resembles,
    rStuck: one.ohms,
    rStuckUncertainty: one.uncertainty,
    flags: CellFlag.noLoop | (neighbourClass === null ? 0 : CellFlag.nearBoundary),
  };
}

/** Features compare levels of one sweep, which share their systematic error; a resistance on its own has it. */
function withSystematic(level: Level | null, access: Access, accuracy: BenchAccuracy): Level | null {
  if (level === null) return null;
  const systematic = systematicUncertainty(level.siemens, access, accuracy);
  return { ...level, uncertainty: Math.hypot(level.uncertainty, systematic) };
}

type Place = Pick<CellRecord, 'dieOrdinal' | 'cell'>;

/** A resistance with its standard uncertainty, ohms, and the level it comes from. No current is an infinite R. */
interface Ohms {
  readonly ohms: number;
  readonly uncertainty: number;
  readonly level: Level;
}

/** R = 1/G, u(R) = u(G)/G²; null where the readings give no resistance. */
function ohmsOf(level: Level | null): Ohms | null {
  if (level === null) return null;
  const { siemens, uncertainty } = level;
  // A conductance below 0 by more than chance is no resistance at all: the readings contradict each other.
  if (siemens < -5 * uncertainty && siemens < -MAX_NEGATIVE_SIEMENS) return null;
  if (siemens <= 0) return { ohms: Number.POSITIVE_INFINITY, uncertainty: 0, level };
  return { ohms: 1 / siemens, uncertainty: uncertainty / (siemens * siemens), level };
}

/** Offset drift of an instrument during a pre-read can fake this much negative conductance. */
const MAX_NEGATIVE_SIEMENS = 1e-6;

/** `levelP` and `levelAp` are those of the features with their systematic uncertainty. */
function loopRecord(
  place: Place,
  features: LoopFeatures,
  levelP: Level | null,
  levelAp: Level | null,
  thresholds: ClassThresholds,
): CellRecord {
  const { switched, failedInTest } = features;
  const p = ohmsOf(levelP);
  const ap = ohmsOf(levelAp);
  const one = switched === 'yes' ? null : ohmsOf(meanLevel(levelP, levelAp));
  // A switching cell is described by two finite resistances or, where one is missing, not at all.
  const both = p !== null && ap !== null && Number.isFinite(p.ohms) && Number.isFinite(ap.ohms);
  const low = switched === 'yes' ? (both ? p : null) : one;
  const high = switched === 'yes' ? (both ? ap : null) : one;
  const verdict: Verdict = {
    measured: true,
    rLow: low?.ohms ?? null,
    rHigh: high?.ohms ?? null,
    switched,
    // A broken junction is judged by its final resistance, whatever the loop could still reach.
    limited: !failedInTest && (features.compliance || !features.amplitudeReached),
    stable: features.stable,
  };
  const cellClass = decide(verdict, thresholds);
  const neighbourClass = neighbourOf(verdict, cellClass, low, high, thresholds);
  const magnetic = switched === 'yes' && low !== null && high !== null;
  const flags =
    loopFlags(features) |
    (neighbourClass === null ? 0 : CellFlag.nearBoundary) |
    lineShortFlag(cellClass, low, thresholds);
  return {
    ...place,
    class: cellClass,
    neighbourClass,
    cause: causeOf(cellClass, failedInTest, features.partnerLimited),
    stuckState: cellClass === 'stuck' ? features.resembles : 'unknown',
    stateFound: features.stateFound,
    stateLeft: features.stateLeft,
    rP: magnetic ? finite(p?.ohms) : null,
    rPUncertainty: magnetic ? finite(p?.uncertainty) : null,
    rAp: magnetic ? finite(ap?.ohms) : null,
    rApUncertainty: magnetic ? finite(ap?.uncertainty) : null,
    rStuck: magnetic ? null : finite(one?.ohms),
    rStuckUncertainty: magnetic || !Number.isFinite(one?.ohms) ? null : finite(one?.uncertainty),
    tmr: magnetic ? finite((high.ohms - low.ohms) / low.ohms) : null,
    vSwitchPositive: features.vSwitchPositive?.volts ?? null,
    vSwitchNegative: features.vSwitchNegative?.volts ?? null,
    noiseAmps: features.noiseAmps,
    flags,
  };
}

function quietRecord(place: Place, features: LowBiasFeatures, thresholds: ClassThresholds): CellRecord {
  const one = ohmsOf(features.level);
  const verdict: Verdict = {
    measured: true,
    rLow: one?.ohms ?? null,
    rHigh: one?.ohms ?? null,
    switched: 'no',
    // No loop was run: only a short or an open can be told.
    limited: true,
    stable: true,
  };
  const cellClass = decide(verdict, thresholds);
  const neighbourClass = neighbourOf(verdict, cellClass, one, one, thresholds);
  return {
    ...unreadable(place),
    class: cellClass,
    neighbourClass,
    cause: causeOf(cellClass, false, features.partnerLimited),
    rStuck: finite(one?.ohms),
    rStuckUncertainty: Number.isFinite(one?.ohms) ? finite(one?.uncertainty) : null,
    noiseAmps: features.noiseAmps,
    flags:
      (features.nonlinear ? CellFlag.nonlinear : 0) |
      (features.partnerLimited ? CellFlag.partnerLimited : 0) |
      (features.level?.source === 'limited' ? CellFlag.limitedResistance | CellFlag.compliance : 0) |
      (neighbourClass === null ? 0 : CellFlag.nearBoundary) |
      lineShortFlag(cellClass, one, thresholds),
  };
}

function unreadable(place: Place): CellRecord {
  return {
    ...place,
    class: 'undetermined',
    neighbourClass: null,
    cause: 'none',
    stuckState: 'unknown',
    stateFound: 'unknown',
    stateLeft: 'unknown',
    rP: null,
    rPUncertainty: null,
    rAp: null,
    rApUncertainty: null,
    rStuck: null,
    rStuckUncertainty: null,
    tmr: null,
    vSwitchPositive: null,
    vSwitchNegative: null,
    noiseAmps: null,
    flags: 0,
  };
}

/** Weighted mean of the two levels of a cell that does not switch; the one there is otherwise. */
function meanLevel(a: Level | null, b: Level | null): Level | null {
  if (a === null || b === null || a === b) return a ?? b;
  const wa = 1 / Math.max(a.uncertainty, 1e-15) ** 2;
  const wb = 1 / Math.max(b.uncertainty, 1e-15) ** 2;
  return {
    siemens: (wa * a.siemens + wb * b.siemens) / (wa + wb),
    // Their systematic errors are the same, so the mean is no better than the better of the two.
    uncertainty: Math.min(a.uncertainty, b.uncertainty),
    source: a.source === 'limited' ? b.source : a.source,
  };
}

/** The class on the other side of the nearest boundary within the guard band; null when there is none. */
function neighbourOf(
  verdict: Verdict,
  own: CellClass,
  low: Ohms | null,
  high: Ohms | null,
  thresholds: ClassThresholds,
): CellClass | null {
  if (low === null || high === null) return null;
  const guard = thresholds.guardSigmas;
  const same = low === high;
  for (const side of [-1, 1]) {
    // The guard band is one of conductance, which is what was fitted: 1/G of an open has no symmetric uncertainty.
    const siemens = low.level.siemens + side * guard * low.level.uncertainty;
    const rLow = siemens <= 0 ? Number.POSITIVE_INFINITY : 1 / siemens;
    const other = decideFor(verdict, rLow, same ? rLow : high.ohms, thresholds);
    if (other !== own) return other;
  }
  if (same || !Number.isFinite(low.ohms) || !Number.isFinite(high.ohms)) return null;
  const ratio = high.ohms / low.ohms;
  const spread = guard * ratio * Math.hypot(low.uncertainty / low.ohms, high.uncertainty / high.ohms);
  for (const side of [-1, 1]) {
    const other = decideFor(verdict, verdict.rLow, low.ohms * (ratio + side * spread), thresholds);
    if (other !== own) return other;
  }
  return null;
}

function loopFlags(features: LoopFeatures): number {
  const sources = [features.levelP?.source, features.levelAp?.source];
  return (
    (features.compliance ? CellFlag.compliance : 0) |
    (features.amplitudeReached ? 0 : CellFlag.amplitudeNotReached) |
    (features.stable ? 0 : CellFlag.unstable) |
    (features.intermediate ? CellFlag.intermediate : 0) |
    (features.switched === 'contradictory' ? CellFlag.contradictory : 0) |
    (features.failedInTest ? CellFlag.failedInTest : 0) |
    (features.partnerLimited ? CellFlag.partnerLimited : 0) |
    (sources.includes('loop') ? CellFlag.readBlockUnusable : 0) |
    (sources.includes('limited') ? CellFlag.limitedResistance : 0)
  );
}

function lineShortFlag(cellClass: CellClass, low: Ohms | null, thresholds: ClassThresholds): number {
  const below = cellClass === 'shorted' && low !== null && low.ohms < thresholds.lineShortBelowOhms;
  return below ? CellFlag.lineShortSuspected : 0;
}

function causeOf(cellClass: CellClass, failedInTest: boolean, partnerLimited: boolean): CellCause {
  if (failedInTest) return 'failedInTest';
  return cellClass === 'undetermined' && partnerLimited ? 'partner' : 'none';
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
