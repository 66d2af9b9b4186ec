import { type Settled, settled } from './settled.ts';

/** Fewest positions whose attempt is committed together before the first of them is armed. */
const SMALLEST_WINDOW = 32;
const LARGEST_WINDOW = 512;
/** A window should last this long, so that the next one is on the disk, however busy that is, before it is needed. */
const WINDOW_MILLISECONDS = 100;

interface Window {
  readonly attemptId: string;
  /** First and last (exclusive) position. */
  readonly first: number;
  readonly end: number;
}

/** A window on its way to the disk. */
interface Opening {
  readonly first: number;
  readonly opening: Promise<Settled<Window>>;
  opened: Window | null;
}

/**
 * The attempts of a die's positions. A position may be armed only when its attempt is durable; the next window is
 * committed as soon as the present one begins, so that measuring does not wait for the disk; windows get larger only where
 * positions are measured faster than the disk follows. After a crash the windows without sweeps tell what may have been
 * under way: the present one and at most the next.
 */
export class AttemptWindows {
  readonly #commit: (first: number, last: number) => Promise<string>;
  readonly #end: number;
  readonly #now: () => number;
  #size = SMALLEST_WINDOW;
  #presentSinceMs: number | null = null;
  #present: Window | null = null;
  #next: Opening | null = null;

  /** `commit` resolves with the attempt's id when it is durable; `end` is the first position that has none. */
  constructor(commit: (first: number, last: number) => Promise<string>, end: number, now: () => number) {
    this.#commit = commit;
    this.#end = end;
    this.#now = now;
  }

  /** The attempt of a position, once it is durable. Positions are asked for in ascending order. */
  async of(position: number): Promise<string> {
    const known = this.durable(position);
    if (known !== null) return known;
    const next = this.#next?.first === position ? this.#next : this.#open(position);
    const window = await next.opening;
    if ('error' in window) throw window.error;
    return this.durable(position) as string;
  }

  /** The same without waiting; null when the attempt is not durable yet. Opens the next window in time. */
  durable(position: number): string | null {
    if (this.#next?.opened && position >= this.#next.opened.first) {
      this.#present = this.#next.opened;
      this.#next = null;
      this.#adapt();
    }
    const present = this.#present;
    if (present === null || position >= present.end) return null;
    if (this.#next === null && present.end < this.#end) this.#open(present.end);
    return present.attemptId;
  }

  #open(first: number): Opening {
    const end = Math.min(first + this.#size, this.#end);
    const opening = settled(this.#commit(first, end - 1).then((attemptId) => ({ attemptId, first, end })));
    const next: Opening = { first, opening, opened: null };
    this.#next = next;
    void opening.then((window) => {
      if ('value' in window) next.opened = window.value;
    });
    return next;
  }

  /** Doubles the next window where the last one was over too soon, halves it where it lasted much longer than it must. */
  #adapt(): void {
    const now = this.#now();
    const lasted = this.#presentSinceMs === null ? WINDOW_MILLISECONDS : now - this.#presentSinceMs;
    this.#presentSinceMs = now;
    if (lasted < WINDOW_MILLISECONDS) this.#size = Math.min(LARGEST_WINDOW, 2 * this.#size);
    else if (lasted > 4 * WINDOW_MILLISECONDS) this.#size = Math.max(SMALLEST_WINDOW, this.#size / 2);
  }
}
