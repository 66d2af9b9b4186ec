import { pointCount, type Segment, type SweepProgramme, segmentSpan, segmentsOf } from '../wafer/sweep.ts';

/** Largest |V| of a point that counts as low bias: R_P and R_AP are defined there. */
export const LOW_BIAS_VOLTS = 0.0505;

/** One half of the loop: its points and those among them at low bias before and after the excursion. */
export interface HalfLayout {
  readonly start: number;
  readonly end: number;
  /** Sign of column − row during the excursion. */
  readonly polarity: 1 | -1;
  /** Largest planned |V|. */
  readonly amplitudeVolts: number;
  readonly lowBefore: Int32Array;
  readonly lowAfter: Int32Array;
  /** Points at one planned voltage, in twos: on the way out and on the way back. */
  readonly mirrored: Int32Array;
}

/** Where everything lies in the readings of a loop sweep; computed once per programme. */
export interface LoopLayout {
  readonly points: number;
  readonly preRead: Int32Array;
  readonly toP: HalfLayout;
  readonly readP: Int32Array;
  readonly toAp: HalfLayout;
  readonly readAp: Int32Array;
  /** The loop's low-bias points in P, and in AP, on both sides of 0 V. */
  readonly lowP: Int32Array;
  readonly lowAp: Int32Array;
  /** Stated noise floor of one reading in the read blocks, and of one loop point per ampere of its range. */
  readonly readFloorAmps: number;
  readonly loopFloorPerRange: number;
}

/** Indices of the pre-read and of the low-bias check (or the repeated pre-read) of a sweep without a loop. */
export interface QuietLayout {
  readonly points: number;
  readonly preRead: Int32Array;
  readonly second: Int32Array;
}

export interface ProgrammeLayout {
  readonly loop: LoopLayout;
  readonly lowBias: QuietLayout;
  readonly open: QuietLayout;
}

/**
 * Noise floor of one reading as a fraction of its range: one step of an 18-bit converter over ±range, as a uniform
 * distribution (2/2¹⁸/√12). Our choice; residuals dominate it on every bench whose noise exceeds a step.
 */
const FLOOR_OF_RANGE = 2 / 2 ** 18 / Math.sqrt(12);

export function programmeLayout(programme: SweepProgramme): ProgrammeLayout {
  const loop = segmentsOf(programme, 'loop');
  const preRead = run(0, programme.preRead.volts.length);
  const quiet = (kind: 'lowBias' | 'open'): QuietLayout => {
    const points = pointCount(segmentsOf(programme, kind));
    return { points, preRead, second: run(preRead.length, points) };
  };
  const toP = halfLayout(loop, 'loopToP');
  const toAp = halfLayout(loop, 'loopToAp');
  const readP = programme.loop.find(({ name }) => name === 'readP');
  return {
    loop: {
      points: pointCount(loop),
      preRead,
      toP,
      readP: blockOf(loop, 'readP'),
      toAp,
      readAp: blockOf(loop, 'readAP'),
      lowP: Int32Array.from([...toP.lowAfter, ...toAp.lowBefore]),
      lowAp: Int32Array.from([...toP.lowBefore, ...toAp.lowAfter]),
      readFloorAmps: (readP?.fixed?.rangeAmps ?? 0) * FLOOR_OF_RANGE,
      loopFloorPerRange: FLOOR_OF_RANGE,
    },
    lowBias: quiet('lowBias'),
    open: quiet('open'),
  };
}

function blockOf(segments: readonly Segment[], name: 'readP' | 'readAP'): Int32Array {
  const span = segmentSpan(segments, name);
  return span === null ? new Int32Array(0) : run(span.start, span.end);
}

function halfLayout(segments: readonly Segment[], name: 'loopToP' | 'loopToAp'): HalfLayout {
  const { start, end } = segmentSpan(segments, name) ?? { start: 0, end: 0 };
  const volts = segments.find((segment) => segment.name === name)?.volts ?? [];
  const peak = volts.reduce((best, v, i) => (Math.abs(v) > Math.abs(volts[best]) ? i : best), 0);
  const low = (from: number, to: number) =>
    Int32Array.from(run(from, to).filter((i) => Math.abs(volts[i]) <= LOW_BIAS_VOLTS)).map((i) => i + start);
  return {
    start,
    end,
    polarity: (volts[peak] ?? 0) < 0 ? -1 : 1,
    amplitudeVolts: Math.abs(volts[peak] ?? 0),
    lowBefore: low(0, peak),
    lowAfter: low(peak, volts.length),
    mirrored: Int32Array.from(mirroredPoints(volts, peak, start)),
  };
}

function mirroredPoints(volts: readonly number[], peak: number, start: number): number[] {
  return volts.slice(0, peak).flatMap((level, out) => {
    const back = volts.indexOf(level, peak + 1);
    return level === 0 || back === -1 ? [] : [start + out, start + back];
  });
}

function run(start: number, end: number): Int32Array {
  return Int32Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}
