import { PointFlag, UNUSABLE_POINT } from '../wafer/point-flags.ts';
import { pointCount, type Readings, type SweepProgramme, segmentSpan } from '../wafer/sweep.ts';
import type { Level } from './cell-levels.ts';
import { fitLine, pooledNoise, slopeUncertainty } from './line-fit.ts';

/** Places of a quick read's three low-bias reads among its points. */
export interface QuickLayout {
  readonly points: number;
  readonly found: Int32Array;
  readonly ap: Int32Array;
  readonly p: Int32Array;
  /** The two writes: compliance in them means that the amplitude was not reached. */
  readonly writes: Int32Array;
  /** Range of the reads after the writes, amperes. */
  readonly rangeAmps: number;
}

/** What a quick read says of its cell. */
export interface QuickFeatures {
  /** Levels after the write of P and of AP; null where they cannot be fitted. */
  readonly p: Level | null;
  readonly ap: Level | null;
  readonly noiseAmps: number | null;
  /** No limit, no unusable point, no telegraph noise, and the state found is one of the two written. */
  readonly clean: boolean;
  readonly partnerLimited: boolean;
  readonly foundP: boolean;
}

/** The state found is the written one within this factor of conductance. */
const SAME_STATE = 1.15;
/** Scatter of one reading over the current of its list beyond which the junction, not the instrument, is restless. */
const RESTLESS = 0.03;

export function quickLayout({ quick = [] }: SweepProgramme): QuickLayout {
  const places = (name: 'quickRead' | 'quickAP' | 'quickP' | 'writeAP' | 'writeP') => {
    const { start, end } = segmentSpan(quick, name) ?? { start: 0, end: 0 };
    return Array.from({ length: end - start }, (_, i) => start + i);
  };
  return {
    points: pointCount(quick),
    found: Int32Array.from(places('quickRead')),
    ap: Int32Array.from(places('quickAP')),
    p: Int32Array.from(places('quickP')),
    writes: Int32Array.from([...places('writeAP'), ...places('writeP')]),
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
  const restless = [ap, p].some((fit) => fit === null || scatter(fit) > RESTLESS);
  let seen = 0;
  for (const flags of readings.flags) seen |= flags;
  return {
    p: levelOf(p),
    ap: levelOf(ap),
    noiseAmps: noise?.amps ?? null,
    clean: (seen & UNUSABLE_POINT) === 0 && !restless && (near(p) || near(ap)),
    partnerLimited: (seen & PointFlag.partnerLimited) !== 0,
    foundP: near(p),
  };
}

/** Residual standard deviation over the current at 50 mV. */
function scatter(fit: NonNullable<ReturnType<typeof fitLine>>): number {
  if (fit.n < 3 || fit.slope <= 0) return Number.POSITIVE_INFINITY;
  return Math.sqrt(fit.rss / (fit.n - 2)) / (fit.slope * 0.05);
}
