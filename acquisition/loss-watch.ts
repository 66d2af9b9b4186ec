import { PointFlag } from '../wafer/point-flags.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { segmentSpan, segmentsOf, slopeOhms } from '../wafer/sweep.ts';
import type { SideSweep } from './follow-up.ts';

export interface Loss {
  readonly cell: number;
  readonly beforeOhms: number;
  readonly afterOhms: number;
}

/**
 * Finds junctions that broke while being measured: a resistance that fell to a short between the pre-read and the last
 * read block of one sweep, or from one visit to the next. Points in compliance count: a broken junction limits, and its
 * measured V and I still give its resistance.
 */
export class LossWatch {
  readonly #recipe: Recipe;
  readonly #healthy = new Map<number, number>();
  readonly #lost = new Set<number>();
  readonly #spans;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    const segments = segmentsOf(recipe.programme, 'loop');
    this.#spans = {
      before: { start: 0, end: recipe.programme.preRead.volts.length },
      after: segmentSpan(segments, 'readAP'),
    };
  }

  /** Cells lost on this die in this session. */
  get count(): number {
    return this.#lost.size;
  }

  /** Looks at a sweep; returns the loss the first time the cell is found broken. */
  look(cell: number, { reading }: SideSweep): Loss | null {
    if (this.#lost.has(cell)) return null;
    const { readings, kind } = reading;
    const before = this.#ohms(readings, this.#spans.before) ?? null;
    const earlier = this.#healthy.get(cell);
    if (kind !== 'loop') {
      return earlier !== undefined && before !== null && this.#short(before) ? this.#lose(cell, earlier, before) : null;
    }
    const after = this.#ohms(readings, this.#spans.after);
    if (before === null || after === null) return null;
    if (!this.#short(before) && this.#short(after)) return this.#lose(cell, before, after);
    if (earlier !== undefined && this.#short(after)) return this.#lose(cell, earlier, after);
    if (!this.#short(after)) this.#healthy.set(cell, after);
    return null;
  }

  #lose(cell: number, beforeOhms: number, afterOhms: number): Loss {
    this.#lost.add(cell);
    this.#healthy.delete(cell);
    return { cell, beforeOhms, afterOhms };
  }

  #short(ohms: number): boolean {
    return Math.abs(ohms) < this.#recipe.thresholds.shortedBelowOhms;
  }

  #ohms(readings: SideSweep['reading']['readings'], span: { start: number; end: number } | null): number | null {
    if (span === null) return null;
    return slopeOhms(readings, span.start, span.end, PointFlag.missing | PointFlag.overRange);
  }
}
