import { type CrossbarGeometry, cellAt } from '../wafer/geometry.ts';

/** A line open on this many dies in a row is a needle or a relay, not the wafer. */
export const DIES_FOR_NEEDLE = 3;
/** Fewer open cells than this on a line prove nothing. */
const CELLS_FOR_LINE = 3;

/**
 * Finds lines whose every measured cell is open, die after die: the same line open on three consecutive dies is a needle
 * or a relay of the router.
 */
export class NeedleWatch {
  readonly #geometry: CrossbarGeometry;
  readonly #inRow = new Map<string, number>();
  #open = new Map<string, number>();
  #measured = new Map<string, number>();
  /** The dies looked at last, the youngest at the end. */
  #lastDies: number[] = [];

  constructor(geometry: CrossbarGeometry) {
    this.#geometry = geometry;
  }

  cell(index: number, open: boolean): void {
    const { row, column } = cellAt(this.#geometry, index);
    for (const line of [`row ${row}`, `column ${column}`]) {
      this.#measured.set(line, (this.#measured.get(line) ?? 0) + 1);
      if (open) this.#open.set(line, (this.#open.get(line) ?? 0) + 1);
    }
  }

  /** The die was not measured to its end: it says nothing of the needles. */
  forgetDie(): void {
    this.#open = new Map();
    this.#measured = new Map();
  }

  /** Ends a die. Returns its open lines, those that have now been open on three dies in a row, and these dies. */
  endDie(ordinal: number): {
    readonly open: string[];
    readonly suspects: string[];
    readonly dies: readonly number[];
  } {
    this.#lastDies = [...this.#lastDies, ordinal].slice(-DIES_FOR_NEEDLE);
    const open: string[] = [];
    for (const [line, measured] of this.#measured) {
      const isOpen = measured >= CELLS_FOR_LINE && this.#open.get(line) === measured;
      if (isOpen) open.push(line);
      this.#inRow.set(line, isOpen ? (this.#inRow.get(line) ?? 0) + 1 : 0);
    }
    this.forgetDie();
    const suspects = open.filter((line) => (this.#inRow.get(line) ?? 0) >= DIES_FOR_NEEDLE);
    return { open, suspects, dies: this.#lastDies };
  }

  /** Somebody has looked at the needles: it takes three dies again to suspect one. */
  startAfresh(): void {
    this.#inRow.clear();
    this.#lastDies = [];
  }
}
