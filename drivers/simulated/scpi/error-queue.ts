export interface QueueEntry {
  readonly code: number;
  readonly text: string;
}

const OVERFLOW = -350;

/** First in, first out. When it is full the last entry becomes -350 and further errors are lost. */
export class ScpiErrorQueue {
  private readonly entries: QueueEntry[] = [];
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get count(): number {
    return this.entries.length;
  }

  add(code: number, text: string): void {
    if (this.entries.length < this.capacity) this.entries.push({ code, text });
    else this.entries[this.capacity - 1] = { code: OVERFLOW, text: 'Queue overflow' };
  }

  /** The oldest entry, removed; null when the queue is empty. */
  next(): QueueEntry | null {
    return this.entries.shift() ?? null;
  }

  clear(): void {
    this.entries.length = 0;
  }
}
