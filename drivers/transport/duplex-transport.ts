import type { Duplex } from 'node:stream';
import type { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { FifoMutex } from './fifo-mutex.ts';
import { lostError, timeoutError } from './link-errors.ts';
import type { Transport, TransportOptions, Wait } from './transport.ts';

/** Somebody who waits until the signal says that nobody is interested any more. */
interface Waiting {
  readonly signal: AbortSignal;
  reject(error: unknown): void;
}

interface Reader extends Waiting {
  /** Takes its share of the bytes, or null when they do not suffice yet. */
  take(): Buffer | null;
  resolve(bytes: Buffer): void;
  readonly wait: Wait;
  /** In the time of performance.now(). */
  readonly deadline: number;
}

/** A transport over any Node duplex stream: a socket or a serial port. Ending the stream is the opener's business. */
export class DuplexTransport implements Transport {
  readonly resource: string;
  readonly visaLibrary = null;
  readonly #stream: Duplex;
  readonly #end: () => Promise<void>;
  readonly #options: TransportOptions;
  readonly #mutex = new FifoMutex();
  #chunks: Buffer[] = [];
  #arrived = 0;
  #reader: Reader | null = null;
  readonly #waiting = new Set<Waiting>();
  /** A session waits a million times with one signal: it is listened to once. */
  readonly #heeded = new WeakSet<AbortSignal>();
  /** One timer for all reads: most of them end long before their time. */
  #timer: NodeJS.Timeout | null = null;
  #timerDue = 0;
  #lost: TunnelbenchError | null = null;

  constructor(stream: Duplex, end: () => Promise<void>, options: TransportOptions) {
    this.resource = options.resource;
    this.#stream = stream;
    this.#end = end;
    this.#options = options;
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('error', (error) => this.#lose(error.message));
    stream.on('end', () => this.#lose('the other side closed the connection'));
    stream.on('close', () => this.#lose('the connection is closed'));
  }

  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#lost) throw this.#lost;
    this.#options.wireLog?.('sent', bytes, Date.now());
    this.#heed(signal);
    await new Promise<void>((resolve, reject) => {
      const writer: Waiting = { signal, reject };
      this.#waiting.add(writer);
      this.#stream.write(bytes, (error) => {
        this.#waiting.delete(writer);
        if (error) reject(this.#lose(error.message));
        else resolve();
      });
    });
  }

  readUntil(terminator: Uint8Array, wait: Wait): Promise<Buffer> {
    let searched = 0;
    return this.#read(wait, () => {
      const all = this.#joined();
      const at = all.indexOf(terminator, Math.max(0, searched - terminator.length + 1));
      searched = all.length;
      if (at < 0) return null;
      this.#keep(all.subarray(at + terminator.length));
      return all.subarray(0, at);
    });
  }

  readExactly(count: number, wait: Wait): Promise<Buffer> {
    return this.#read(wait, () => {
      if (this.#arrived < count) return null;
      const all = this.#joined();
      this.#keep(all.subarray(count));
      return all.subarray(0, count);
    });
  }

  clear(): number {
    const discarded = this.#arrived;
    this.#keep(Buffer.alloc(0));
    return discarded;
  }

  exclusive<T>(exchange: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#mutex.run(exchange, signal);
  }

  async close(): Promise<void> {
    this.#lose('the link was closed by this program');
    await this.#end();
  }

  async #read(wait: Wait, take: () => Buffer | null): Promise<Buffer> {
    const { timeoutSeconds, signal } = wait;
    signal.throwIfAborted();
    const ready = take();
    if (ready) return ready;
    if (this.#lost) throw this.#lost;
    if (this.#reader) throw new Error('two reads at once on one link');
    this.#heed(signal);
    const deadline = performance.now() + timeoutSeconds * 1000;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const reader: Reader = { take, resolve, reject, signal, wait, deadline };
    this.#reader = reader;
    this.#waiting.add(reader);
    this.#watch(deadline);
    try {
      return await promise;
    } finally {
      this.#reader = null;
      this.#waiting.delete(reader);
    }
  }

  #heed(signal: AbortSignal): void {
    if (this.#heeded.has(signal)) return;
    this.#heeded.add(signal);
    const abandon = () => {
      for (const waiting of this.#waiting) if (waiting.signal === signal) waiting.reject(signal.reason);
    };
    signal.addEventListener('abort', abandon, { once: true });
  }

  /** The timer may be due before the deadline, then it is set again; it must not be due after it. */
  #watch(deadline: number): void {
    if (this.#timer !== null && this.#timerDue <= deadline) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerDue = deadline;
    // The stream itself keeps the program alive while somebody reads.
    this.#timer = setTimeout(() => this.#due(), deadline - performance.now()).unref();
  }

  #due(): void {
    this.#timer = null;
    const reader = this.#reader;
    if (reader === null) return;
    if (performance.now() < reader.deadline) this.#watch(reader.deadline);
    else reader.reject(timeoutError(this.#options.thing, reader.wait, this.#joined()));
  }

  #receive(bytes: Buffer): void {
    this.#options.wireLog?.('received', bytes, Date.now());
    this.#chunks.push(bytes);
    this.#arrived += bytes.length;
    const reader = this.#reader;
    const taken = reader?.take();
    if (reader && taken) {
      this.#reader = null;
      reader.resolve(taken);
    }
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks, this.#arrived)];
    return this.#chunks[0];
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#arrived = rest.length;
  }

  #lose(why: string): TunnelbenchError {
    this.#lost ??= lostError(this.#options.thing, why);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#reader?.reject(this.#lost);
    return this.#lost;
  }
}
