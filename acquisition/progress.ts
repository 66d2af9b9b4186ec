import type { CellClass } from '../wafer/cell-class.ts';
import type { DieSite } from '../wafer/die.ts';
import type { WorkHistory } from './session-store.ts';

/** What a remaining time was told from: this run's own speed, that of earlier sessions, or the plan's estimate. */
export type EtaSource = 'thisRun' | 'earlierSessions' | 'plan';

/** State of a measurement as shown while it runs. */
export interface MeasurementProgress {
  readonly cellsDone: number;
  readonly cellsTotal: number;
  readonly cellsPerSecond: number;
  /** Null until a rate is known. */
  readonly etaSeconds: number | null;
  readonly etaFrom: EtaSource;
  readonly counts: Readonly<Partial<Record<CellClass, number>>>;
  /** Die under the needles: 1-based number of the dies in the plan, and its coordinates. */
  readonly die: { readonly number: number; readonly of: number; readonly x: number; readonly y: number } | null;
}

/** The rate shown is taken over this stretch, so that it follows a change without flickering. */
const RATE_WINDOW_MS = 20_000;
const MARK_EVERY_MS = 250;
/** From here on a run's own average, steps and contacts included, tells more than what was expected of it. */
const OWN_AVERAGE_FROM_MS = 20_000;

/** Counts cells as they are stored. Cells of earlier sessions count as done but not for the rate. */
export class ProgressMeter {
  readonly #dies: number;
  readonly #now: () => number;
  readonly #expected: { readonly work: WorkHistory; readonly from: EtaSource } | null;
  readonly #counts: Partial<Record<CellClass, number>> = {};
  readonly #marks: { atMs: number; measured: number }[] = [];
  #cellsTotal: number;
  #earlier = 0;
  #measured = 0;
  #die: MeasurementProgress['die'] = null;
  #begunMs: number | null = null;
  #waitingSinceMs: number | null = null;
  #waitedMs = 0;

  constructor(
    cellsTotal: number,
    dies: number,
    now: () => number = Date.now,
    expected: { readonly work: WorkHistory; readonly from: EtaSource } | null = null,
  ) {
    this.#cellsTotal = cellsTotal;
    this.#dies = dies;
    this.#now = now;
    this.#expected = expected;
  }

  skipEarlier(cells: number): void {
    this.#earlier += cells;
  }

  /** There is more, or less, to do than was planned. */
  changeTotal(cells: number): void {
    this.#cellsTotal += cells;
  }

  startDie({ x, y }: DieSite, number: number): void {
    this.#begunMs ??= this.#now();
    this.#die = { number, of: this.#dies, x, y };
  }

  countCell(name: CellClass): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    this.#measured += 1;
  }

  /** Time between these two is nobody's measuring time. */
  startWaiting(): void {
    this.#waitingSinceMs ??= this.#now();
  }

  endWaiting(): void {
    if (this.#waitingSinceMs !== null) this.#waitedMs += this.#now() - this.#waitingSinceMs;
    this.#waitingSinceMs = null;
    this.#marks.length = 0;
  }

  /** Time spent between `startWaiting` and `endWaiting`. */
  get waitedMs(): number {
    return this.#waitedMs;
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
    const { rate, from } = this.#expectedRate(atMs, cellsPerSecond);
    return {
      cellsDone,
      cellsTotal: this.#cellsTotal,
      cellsPerSecond,
      etaSeconds: rate > 0 ? Math.max(0, this.#cellsTotal - cellsDone) / rate : null,
      etaFrom: from,
      counts: { ...this.#counts },
      die: this.#die,
    };
  }

  /** Cells per second of the work to come. */
  #expectedRate(atMs: number, presentRate: number): { readonly rate: number; readonly from: EtaSource } {
    const ownMs = this.#begunMs === null ? 0 : atMs - this.#begunMs - this.#waitedMs;
    if (ownMs >= OWN_AVERAGE_FROM_MS && this.#measured > 0) {
      return { rate: this.#measured / (ownMs / 1000), from: 'thisRun' };
    }
    if (this.#expected === null) return { rate: presentRate, from: 'thisRun' };
    const { work, from } = this.#expected;
    return { rate: work.cells / work.seconds, from };
  }
}
