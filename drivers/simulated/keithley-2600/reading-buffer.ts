import { TspCommandError } from './error-queue.ts';

/** Parts of a buffer that scripts and printbuffer can address; the order is their number in a handle. */
export const BUFFER_PARTS = [
  'readings',
  'timestamps',
  'statuses',
  'sourcevalues',
  'sourceoutputstates',
  'sourcefunctions',
  'measurefunctions',
  'measureranges',
  'sourceranges',
] as const;
export type BufferPart = (typeof BUFFER_PARTS)[number];

export interface BufferEntry {
  readonly value: number;
  readonly seconds: number;
  readonly status: number;
  readonly sourceValue: number;
  readonly outputOn: boolean;
  readonly sourceFunction: number;
  readonly measureFunction: number;
  readonly measureRange: number;
  readonly sourceRange: number;
}

/** A reading buffer: nvbuffer1, nvbuffer2 or one from makebuffer(). */
export class ReadingBuffer {
  readonly capacity: number;
  appendMode = false;
  private entries: BufferEntry[] = [];
  private timestamps = true;
  private sourceValues = true;
  baseSeconds = 0;
  timestampResolution = 1e-6;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get n(): number {
    return this.entries.length;
  }

  get collectTimestamps(): boolean {
    return this.timestamps;
  }

  get collectSourceValues(): boolean {
    return this.sourceValues;
  }

  set collectTimestamps(collect: boolean) {
    this.requireEmpty();
    this.timestamps = collect;
  }

  set collectSourceValues(collect: boolean) {
    this.requireEmpty();
    this.sourceValues = collect;
  }

  clear(): void {
    this.entries = [];
  }

  resetSettings(): void {
    this.clear();
    this.appendMode = false;
    this.timestamps = true;
    this.sourceValues = true;
    this.timestampResolution = 1e-6;
  }

  /** A new measurement begins: without appendmode the old readings go. */
  begin(): void {
    if (!this.appendMode) this.clear();
  }

  /** Stores a reading; a full buffer keeps what it has. */
  store(entry: BufferEntry): void {
    if (this.entries.length === 0) this.baseSeconds = entry.seconds;
    if (this.entries.length < this.capacity) this.entries.push(entry);
  }

  /** Element `index` (from 1) of a part; undefined where the buffer holds none. */
  at(part: BufferPart, index: number): number | boolean | undefined {
    const entry = this.entries[index - 1];
    if (entry === undefined) return undefined;
    switch (part) {
      case 'readings':
        return entry.value;
      case 'timestamps':
        return this.timestamps ? this.relativeSeconds(entry) : undefined;
      case 'statuses':
        return entry.status;
      case 'sourcevalues':
        return this.sourceValues ? entry.sourceValue : undefined;
      case 'sourceoutputstates':
        return entry.outputOn ? 1 : 0;
      case 'sourcefunctions':
        return entry.sourceFunction;
      case 'measurefunctions':
        return entry.measureFunction;
      case 'measureranges':
        return entry.measureRange;
      case 'sourceranges':
        return entry.sourceRange;
    }
  }

  /** Writes a part of elements `start`…`end` into every `stride`-th place of `values`, from `offset`. */
  copyPart(part: BufferPart, start: number, end: number, values: number[], offset: number, stride: number): void {
    let place = offset;
    for (let index = start; index <= end; index++) {
      values[place] = Number(this.at(part, index) ?? 0);
      place += stride;
    }
  }

  private relativeSeconds(entry: BufferEntry): number {
    const ticks = Math.round((entry.seconds - this.baseSeconds) / this.timestampResolution);
    return ticks * this.timestampResolution;
  }

  private requireEmpty(): void {
    if (this.entries.length > 0) throw new TspCommandError(5032);
  }
}
