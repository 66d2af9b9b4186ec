import { PointFlag, UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { type Readings, segmentSpan, segmentsOf, slopeOhms } from '../wafer/sweep.ts';
import type { SideSweep } from './follow-up.ts';

export interface Loss {
  readonly cell: number;
  readonly beforeOhms: number;
  readonly afterOhms: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The loop's way back to 0 V: so many of its last points lie at low bias. */
const TAIL_POINTS = 8;

/**
 * Finds junctions that broke while being measured: a resistance that fell to a short within one sweep, from one sweep of
 * a visit to the next, or between visits. "Was fine" is said by clean points only: beside a column in compliance a
 * resistance reads anything.
 */
export class LossWatch {
  readonly #shortedBelowOhms: number;
  readonly #fine = new Map<number, number>();
  readonly #lost = new Set<number>();
  readonly #spans: { readonly preRead: Span; readonly after: readonly Span[]; readonly lowBias: Span | null };

  constructor({ programme, thresholds }: Recipe) {
    this.#shortedBelowOhms = thresholds.shortedBelowOhms;
    const loop = segmentsOf(programme, 'loop');
    const half = segmentSpan(loop, 'loopToAp');
    const tail = half === null ? null : { start: Math.max(half.start, half.end - TAIL_POINTS), end: half.end };
    this.#spans = {
      preRead: { start: 0, end: programme.preRead.volts.length },
      after: [segmentSpan(loop, 'readAP'), tail].filter((span) => span !== null),
      lowBias: segmentSpan(segmentsOf(programme, 'lowBias'), 'lowBias'),
    };
  }

  /** Cells lost on this die in this session. */
  get count(): number {
    return this.#lost.size;
  }

  /** Looks at a sweep, in the order of measuring; returns the loss the first time the cell is found broken. */
  look(cell: number, { reading: { kind, readings } }: SideSweep): Loss | null {
    if (this.#lost.has(cell)) return null;
    const before = clean(readings, this.#spans.preRead);
    const after = kind === 'loop' ? this.#afterLoop(readings) : kind === 'lowBias' ? this.#atLowBias(readings) : null;
    const fine = before !== null && !this.#isShort(before) ? before : (this.#fine.get(cell) ?? null);
    if (fine !== null && after !== null && this.#isShort(after)) {
      this.#lost.add(cell);
      this.#fine.delete(cell);
      return { cell, beforeOhms: fine, afterOhms: after };
    }
    if (fine !== null) this.#fine.set(cell, fine);
    return null;
  }

  #afterLoop(readings: Readings): number | null {
    for (const span of this.#spans.after) {
      const ohms = clean(readings, span);
      if (ohms !== null) return ohms;
    }
    return null;
  }

  /** A short below the reach of the check is in compliance at every point; its V and I still tell that it is one. */
  #atLowBias(readings: Readings): number | null {
    const span = this.#spans.lowBias;
    if (span === null) return null;
    const anyValue = PointFlag.missing | PointFlag.overRange;
    return clean(readings, span) ?? slopeOhms(readings, span.start, span.end, anyValue);
  }

  #isShort(ohms: number): boolean {
    return Math.abs(ohms) < this.#shortedBelowOhms;
  }
}

function clean(readings: Readings, { start, end }: Span): number | null {
  return slopeOhms(readings, start, end, UNUSABLE_POINT);
}
