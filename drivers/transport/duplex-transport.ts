import type { Duplex } from 'node:stream';
import type { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { FifoMutex } from './fifo-mutex.ts';
import { lostError, timeoutError } from './link-errors.ts';
import type { Transport, TransportOptions, Wait } from './transport.ts';

interface Reader {
  /** Takes its share of the bytes, or null when they do not suffice yet. */
  take(): Buffer | null;
  resolve(bytes: Buffer): void;
  reject(error: unknown): void;
}

/** A transport over any Node duplex stream: a socket or a serial port. Ending the stream is the opener's business. */
export class DuplexTransport implements Transport {
  readonly resource: string;
  readonly #stream: Duplex;
  readonly #end: () => Promise<void>;
  readonly #options: TransportOptions;
  readonly #mutex = new FifoMutex();
  #chunks: Buffer[] = [];
  #arrived = 0;
  #reader: Reader | null = null;
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
    await new Promise<void>((resolve, reject) => {
      const abandon = () => reject(signal.reason);
      signal.addEventListener('abort', abandon, { once: true });
      this.#stream.write(bytes, (error) => {
        signal.removeEventListener('abort', abandon);
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
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.#reader = { take, resolve, reject };
    const timer = setTimeout(
      () => reject(timeoutError(this.#options.thing, wait, this.#joined())),
      timeoutSeconds * 1000,
    );
    const abandon = () => reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      return await promise;
    } finally {
      this.#reader = null;
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
    }
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
    this.#reader?.reject(this.#lost);
    return this.#lost;
  }
}
