import type { CellState } from '../wafer/cell-class.ts';
import { PointFlag, UNUSABLE_POINT } from '../wafer/point-flags.ts';
import { pointCount, type Readings, type SweepProgramme, segmentSpan } from '../wafer/sweep.ts';
import type { Level } from './cell-levels.ts';
import { fitLine, pooledNoise, slopeUncertainty } from './line-fit.ts';
import { stateByBias } from './loop-features.ts';

/** Places of a quick read's three low-bias reads among its points. */
export interface QuickLayout {
  readonly points: number;
  readonly found: Int32Array;
  readonly ap: Int32Array;
  readonly p: Int32Array;
  /** The points of each write at or near its amplitude, and that amplitude, volts with its sign. */
  readonly writeAp: Write;
  readonly writeP: Write;
  /** Range of the reads after the writes, amperes. */
  readonly rangeAmps: number;
}

interface Write {
  readonly near: Int32Array;
  readonly volts: number;
}

/** What a quick read says of its cell. */
export interface QuickFeatures {
  /** Levels after the write of P and of AP; null where they cannot be fitted. */
  readonly p: Level | null;
  readonly ap: Level | null;
  readonly noiseAmps: number | null;
  /** No limit, no unusable point, both amplitudes reached, and the state found is one of the two written. */
  readonly clean: boolean;
  /** Whether the conductance rose from the AP to the P read; 'unclear' between what is plainly a change and plainly none. */
  readonly switched: 'yes' | 'no' | 'unclear';
  /** Telegraph noise in both reads, or in one of them only. */
  readonly restless: 'no' | 'once' | 'twice';
  /** At the amplitude of a write the cell was seen in the other state. */
  readonly hops: boolean;
  readonly partnerLimited: boolean;
  readonly foundP: boolean;
  /** For a cell that does not switch: the state its bias dependence suggests. */
  readonly resembles: CellState;
}

/** The state found is the written one within this factor of conductance. */
const SAME_STATE = 1.15;
/** Scatter of one reading over the current of its list beyond which the junction, not the instrument, is restless. */
const RESTLESS = 0.03;
/** Points of a write from this part of its amplitude on tell whether the cell stays in the state written. */
const NEAR_AMPLITUDE = 0.9;
/**
 * Conductance near the amplitude over that of P at low bias. P stays above: R_P falls by a few per cent. AP stays below,
 * although much of its TMR is gone: with V_h = 0.5 V a TMR of 0.5 leaves 0.86 at 0.7 V.
 */
const P_ABOVE_AP_BELOW = 0.93;
const AMPLITUDE_TOLERANCE = 0.02;
/** ln ratio of the two reads that is plainly switching, and one that is plainly none; each beyond its own uncertainty. */
const PLAIN_CHANGE = 0.05;
const NO_CHANGE = 0.005;
const CHANGE_SIGMAS = 5;
/** A read so noisy that this much could hide in it shows no absence of a change (ln ratio). */
const HIDDEN_CHANGE = 0.02;
/** No magnetic change reaches this ratio: a TMR of 200 %. The junction has changed between the reads. */
const BEYOND_ANY_TMR = 3;

export function quickLayout({ quick = [] }: SweepProgramme): QuickLayout {
  const places = (name: 'quickRead' | 'quickAP' | 'quickP' | 'writeAP' | 'writeP') => {
    const { start, end } = segmentSpan(quick, name) ?? { start: 0, end: 0 };
    return Array.from({ length: end - start }, (_, i) => start + i);
  };
  const write = (name: 'writeAP' | 'writeP'): Write => {
    const levels = quick.find((segment) => segment.name === name)?.volts ?? [];
    const volts = levels.reduce((most, level) => (Math.abs(level) > Math.abs(most) ? level : most), 0);
    const near = places(name).filter((_, i) => Math.abs(levels[i]) >= NEAR_AMPLITUDE * Math.abs(volts));
    return { near: Int32Array.from(near), volts };
  };
  return {
    points: pointCount(quick),
    found: Int32Array.from(places('quickRead')),
    ap: Int32Array.from(places('quickAP')),
    p: Int32Array.from(places('quickP')),
    writeAp: write('writeAP'),
    writeP: write('writeP'),
    rangeAmps: quick.find(({ name }) => name === 'quickP')?.fixed?.rangeAmps ?? 0,
  };
}

export function quickFeatures(readings: Readings, layout: QuickLayout, floorPerRange: number): QuickFeatures {
  const found = fitLine(readings, layout.found, UNUSABLE_POINT);
  const ap = fitLine(readings, layout.ap, UNUSABLE_POINT);
  const p = fitLine(readings, layout.p, UNUSABLE_POINT);
  const noise = pooledNoise([ap, p]);
  const levelOf = (fit: typeof p): Level | null =>
    fit === null
      ? null
      : {
          siemens: fit.slope,
          uncertainty: slopeUncertainty(fit, noise, layout.rangeAmps * floorPerRange),
          source: 'block',
        };
  const near = (fit: typeof p) =>
    found !== null && fit !== null && Math.abs(Math.log(found.slope / fit.slope)) < Math.log(SAME_STATE);
  const restless = [ap, p].filter((fit) => fit !== null && scatter(fit) > RESTLESS).length;
  const levels = { p: levelOf(p), ap: levelOf(ap) };
  let seen = 0;
  for (const flags of readings.flags) seen |= flags;
  const reached = [layout.writeAp, layout.writeP].every((write) => reaches(readings, write));
  return {
    ...levels,
    noiseAmps: noise?.amps ?? null,
    clean: (seen & UNUSABLE_POINT) === 0 && reached && (near(p) || near(ap)),
    switched: switchedBetween(levels.ap, levels.p),
    restless: restless === 0 ? 'no' : restless === 1 ? 'once' : 'twice',
    hops: hops(readings, layout, levels.p),
    partnerLimited: (seen & PointFlag.partnerLimited) !== 0,
    foundP: near(p),
    resembles: resembles(readings, layout, levels.p),
  };
}

function switchedBetween(ap: Level | null, p: Level | null): QuickFeatures['switched'] {
  if (ap === null || p === null || ap.siemens <= 0 || p.siemens <= 0) return 'unclear';
  if (p.siemens > BEYOND_ANY_TMR * ap.siemens) return 'unclear';
  const change = Math.log(p.siemens / ap.siemens);
  const chance = CHANGE_SIGMAS * Math.hypot(p.uncertainty / p.siemens, ap.uncertainty / ap.siemens);
  if (change > Math.max(PLAIN_CHANGE, chance)) return 'yes';
  return chance < HIDDEN_CHANGE && Math.abs(change) < Math.max(NO_CHANGE, chance) ? 'no' : 'unclear';
}

/**
 * Whether a reading near an amplitude is one of the other state. Seen of a cell that hops back from a bias on; also of one
 * that switched only at its amplitude, so that a loop must say which it is.
 */
function hops(readings: Readings, { writeAp, writeP }: QuickLayout, p: Level | null): boolean {
  if (p === null) return false;
  const bound = P_ABOVE_AP_BELOW * p.siemens;
  const siemens = (i: number) => readings.amps[i] / readings.volts[i];
  return writeAp.near.some((i) => siemens(i) > bound) || writeP.near.some((i) => siemens(i) < bound);
}

function reaches({ volts }: Readings, write: Write): boolean {
  const least = (1 - AMPLITUDE_TOLERANCE) * Math.abs(write.volts);
  return write.near.some((i) => volts[i] * write.volts > 0 && Math.abs(volts[i]) >= least);
}

function resembles({ volts, amps }: Readings, { writeP }: QuickLayout, low: Level | null): CellState {
  const last = writeP.near.at(-1);
  if (low === null || low.siemens <= 0 || last === undefined) return 'unknown';
  return stateByBias(amps[last] / volts[last] / low.siemens);
}

/** Residual standard deviation over the current at 50 mV. */
function scatter(fit: NonNullable<ReturnType<typeof fitLine>>): number {
  if (fit.n < 3 || fit.slope <= 0) return Number.POSITIVE_INFINITY;
  return Math.sqrt(fit.rss / (fit.n - 2)) / (fit.slope * 0.05);
}
