import type { CellClass } from '../wafer/cell-class.ts';
import type { DieSite } from '../wafer/die.ts';

/** State of a measurement as shown while it runs. */
export interface MeasurementProgress {
  readonly cellsDone: number;
  readonly cellsTotal: number;
  readonly cellsPerSecond: number;
  /** Null until a rate is known. */
  readonly etaSeconds: number | null;
  readonly counts: Readonly<Partial<Record<CellClass, number>>>;
  /** Die under the needles: 1-based number of the dies in the plan, and its coordinates. */
  readonly die: { readonly number: number; readonly of: number; readonly x: number; readonly y: number } | null;
}

/** The rate is taken over this stretch, so that it follows a change without flickering. */
const RATE_WINDOW_MS = 20_000;
const MARK_EVERY_MS = 250;

/** Counts cells as they are stored. Cells of earlier sessions count as done but not for the rate. */
export class ProgressMeter {
  readonly #cellsTotal: number;
  readonly #dies: number;
  readonly #now: () => number;
  readonly #counts: Partial<Record<CellClass, number>> = {};
  readonly #marks: { atMs: number; measured: number }[] = [];
  #earlier = 0;
  #measured = 0;
  #die: MeasurementProgress['die'] = null;

  constructor(cellsTotal: number, dies: number, now: () => number = Date.now) {
    this.#cellsTotal = cellsTotal;
    this.#dies = dies;
    this.#now = now;
  }

  skipEarlier(cells: number): void {
    this.#earlier += cells;
  }

  startDie({ x, y }: DieSite, number: number): void {
    this.#die = { number, of: this.#dies, x, y };
  }

  countCell(name: CellClass): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    this.#measured += 1;
  }

  snapshot(): MeasurementProgress {
    const atMs = this.#now();
    const last = this.#marks.at(-1);
    if (last === undefined || atMs - last.atMs >= MARK_EVERY_MS) this.#marks.push({ atMs, measured: this.#measured });
    while (this.#marks.length > 2 && atMs - this.#marks[0].atMs > RATE_WINDOW_MS) this.#marks.shift();
    const [first] = this.#marks;
    const elapsed = (atMs - first.atMs) / 1000;
    const cellsPerSecond = elapsed > 0 ? (this.#measured - first.measured) / elapsed : 0;
    const cellsDone = this.#earlier + this.#measured;
    return {
      cellsDone,
      cellsTotal: this.#cellsTotal,
      cellsPerSecond,
      etaSeconds: cellsPerSecond > 0 ? (this.#cellsTotal - cellsDone) / cellsPerSecond : null,
      counts: { ...this.#counts },
      die: this.#die,
    };
  }
}
