import type { MeasurementProgress } from '../acquisition/progress.ts';
import { CELL_CLASSES } from '../wafer/cell-class.ts';
import { formatDuration } from '../wafer/units.ts';

const REDRAW_MS = 200;
const PLAIN_LINE_MS = 10_000;

/**
 * Shows a measurement's progress: one line redrawn in place on a terminal, a plain line every ten seconds elsewhere
 * (log files, pipes). Call `close` before printing anything else.
 */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #lastDrawn = 0;
  #latest: MeasurementProgress | null = null;
  #open = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update(progress: MeasurementProgress): void {
    const now = Date.now();
    const interval = this.#stream.isTTY ? REDRAW_MS : PLAIN_LINE_MS;
    this.#latest = progress;
    if (now - this.#lastDrawn < interval) return;
    this.#lastDrawn = now;
    this.#drawLatest();
  }

  close(): void {
    this.#drawLatest();
    if (this.#open) this.#stream.write('\n');
    this.#open = false;
  }

  #drawLatest(): void {
    if (this.#latest === null) return;
    const text = describeProgress(this.#latest);
    this.#latest = null;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`\r\x1b[K${text.slice(0, Math.max(20, (this.#stream.columns ?? 120) - 1))}`);
    this.#open = true;
  }
}

/** What is added to a remaining time that was not told from this run's own speed. */
const ETA_SOURCE = { thisRun: '', earlierSessions: ' by earlier sessions', plan: ' by plan' } as const;

/** "die 1/1 (0, 0) │ 12,480/20,000 cells 62 % │ 812 cells/s │ 9.3 s left │ healthy 12,391 …" */
export function describeProgress(progress: MeasurementProgress): string {
  const { cellsDone, cellsTotal, cellsPerSecond, etaSeconds, etaFrom, counts, die } = progress;
  const percent = cellsTotal === 0 ? 100 : Math.floor((100 * cellsDone) / cellsTotal);
  const classes = CELL_CLASSES.filter((name) => (counts[name] ?? 0) > 0 && name !== 'unmeasured')
    .map((name) => `${name} ${grouped(counts[name] ?? 0)}`)
    .join(', ');
  const parts = [
    die === null ? 'preparing' : `die ${die.number}/${die.of} (${die.x}, ${die.y})`,
    `${grouped(cellsDone)}/${grouped(cellsTotal)} cells ${percent} %`,
    `${grouped(Math.round(cellsPerSecond))} cells/s`,
    etaSeconds === null ? 'ETA –' : `${formatDuration(Math.ceil(etaSeconds))} left${ETA_SOURCE[etaFrom]}`,
    classes,
  ];
  return parts.filter((part) => part !== '').join(' │ ');
}

function grouped(value: number): string {
  return value.toLocaleString('en-GB');
}
