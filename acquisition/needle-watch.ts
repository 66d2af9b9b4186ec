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

  /** Ends a die. Returns its open lines, and those that have now been open on three dies in a row. */
  endDie(): { readonly open: string[]; readonly suspects: string[] } {
    const open: string[] = [];
    for (const [line, measured] of this.#measured) {
      const isOpen = measured >= CELLS_FOR_LINE && this.#open.get(line) === measured;
      if (isOpen) open.push(line);
      this.#inRow.set(line, isOpen ? (this.#inRow.get(line) ?? 0) + 1 : 0);
    }
    this.#open = new Map();
    this.#measured = new Map();
    return { open, suspects: open.filter((line) => (this.#inRow.get(line) ?? 0) >= DIES_FOR_NEEDLE) };
  }
}
