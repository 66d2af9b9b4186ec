import { UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { segmentSpan, segmentsOf, slopeOhms } from '../wafer/sweep.ts';
import type { SideSweep } from './follow-up.ts';

export interface Drift {
  /** Median of the relative change of R_P over the reference cells. */
  readonly median: number;
  readonly cells: number;
  readonly alarm: boolean;
}

/** Keeps the first R_P of every reference cell of a die and compares later rounds with it. */
export class ReferenceWatch {
  readonly #alarmAt: number;
  readonly #span;
  readonly #first = new Map<number, number>();
  #changes: number[] = [];

  constructor({ programme, reference }: Recipe) {
    this.#alarmAt = reference.driftAlarm;
    this.#span = segmentSpan(segmentsOf(programme, 'loop'), 'readP');
  }

  /** A reading of a reference cell; the first one of a cell is its reference. */
  look(cell: number, { reading }: SideSweep): void {
    if (reading.kind !== 'loop' || this.#span === null) return;
    const ohms = slopeOhms(reading.readings, this.#span.start, this.#span.end, UNUSABLE_POINT);
    if (ohms === null || !Number.isFinite(ohms)) return;
    const first = this.#first.get(cell);
    if (first === undefined) this.#first.set(cell, ohms);
    else this.#changes.push(ohms / first - 1);
  }

  /** Ends a round; null when no reference cell could be compared. */
  endRound(): Drift | null {
    const changes = this.#changes.sort((a, b) => a - b);
    this.#changes = [];
    if (changes.length === 0) return null;
    const middle = changes.length >> 1;
    const median = changes.length % 2 === 1 ? changes[middle] : (changes[middle - 1] + changes[middle]) / 2;
    return { median, cells: changes.length, alarm: Math.abs(median) > this.#alarmAt };
  }
}
