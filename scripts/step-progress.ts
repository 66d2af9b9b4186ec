const REDRAW_MS = 250;
const PLAIN_LINE_MS = 15_000;

/** Shows how far a long computation is: one line redrawn on a terminal, a line every 15 seconds elsewhere. */
export class StepProgress {
  readonly #stream: NodeJS.WriteStream;
  #drawnAt = 0;
  #open = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update(step: string, done: number, total: number): void {
    const now = Date.now();
    if (now - this.#drawnAt < (this.#stream.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) return;
    this.#drawnAt = now;
    const text = `${step} ${done}/${total}`;
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
    this.#open = this.#stream.isTTY;
  }

  /** Call before printing anything else. */
  clear(): void {
    if (this.#open) this.#stream.write('\r\x1b[K');
    this.#open = false;
  }
}
