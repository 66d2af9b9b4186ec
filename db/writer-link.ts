import { Worker } from 'node:worker_threads';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { type SweepBatch, SweepPacker } from './sweep-pack.ts';
import type { FromWorker, ToWorker, WriterEntry, WriterWorkerData } from './writer-protocol.ts';

export interface WriterBounds {
  /** `ready` waits while this many sweeps or more are not yet durable. */
  readonly maxQueuedSweeps: number;
  /** Most sweeps in one transaction, unless a single entry holds more. */
  readonly maxTransactionSweeps: number;
}

interface Pending {
  /** Sweeps are packed as they come, batch after batch, until they leave. */
  readonly content: WriterEntry | SweepPacker;
  sweeps: number;
  /** Told when the entry is durable or lost; `flush` adds to it. */
  readonly settles: Settle[];
}

interface Settle {
  resolve(): void;
  reject(error: TunnelbenchError): void;
}

// While the worker commits one transaction the next is already in its mailbox.
const TRANSACTIONS_IN_FLIGHT = 2;

/**
 * Sweeps that come faster than this wait for each other: a commit costs the same for one as for many. The first one
 * after a pause leaves at once, and nothing waits that somebody wants to see durable.
 */
const GATHER_MILLISECONDS = 100;

/** Memory set aside for a transaction before it is known how large it gets; more only costs a copy. */
const USUAL_SWEEPS = 64;
const USUAL_POINTS = 128;

/**
 * The queue to the writer's worker. Entries leave in order, as many to a transaction as wait: one when nothing came
 * just before, more as they come faster, up to the bound. The first failure ends it: everything not durable rejects with it.
 */
export class WriterLink {
  /** Never resolves; rejects as soon as writing fails. */
  readonly failure: Promise<never>;

  private readonly file: string;
  private readonly bounds: WriterBounds;
  private readonly worker: Worker;
  private readonly ended: Promise<void>;
  private readonly waiting: Pending[] = [];
  private readonly inFlight: Pending[][] = [];
  private readonly waitingForRoom: Settle[] = [];
  private queuedSweeps = 0;
  private waitingSweeps = 0;
  private lastSent = Number.NEGATIVE_INFINITY;
  private gathering: NodeJS.Timeout | null = null;
  private error: TunnelbenchError | null = null;
  private closing: Promise<void> | null = null;
  private closed = false;
  private rejectFailure: (error: TunnelbenchError) => void = () => {};

  /** Starts the worker; resolves when the file is open for writing. */
  static async start(workerData: WriterWorkerData, bounds: WriterBounds): Promise<WriterLink> {
    const link = new WriterLink(workerData, bounds);
    const opened = new Promise<void>((resolve) => {
      link.worker.once('message', ({ type }: FromWorker) => void (type === 'opened' && resolve()));
    });
    try {
      await Promise.race([opened, link.failure]);
    } catch (error) {
      await link.ended;
      throw error;
    }
    return link;
  }

  private constructor(workerData: WriterWorkerData, bounds: WriterBounds) {
    this.file = workerData.file;
    this.bounds = bounds;
    this.failure = new Promise<never>((_, reject) => {
      this.rejectFailure = reject;
    });
    // Whoever listens hears it; that nobody listens yet must not end the process.
    this.failure.catch(() => {});
    this.worker = new Worker(new URL('./writer-worker.ts', import.meta.url), { workerData });
    this.worker.on('message', (message: FromWorker) => this.hear(message));
    this.worker.on('error', (error) => this.fail(this.failed('the writer thread died', error)));
    this.ended = new Promise((resolve) => {
      this.worker.once('exit', () => {
        this.fail(this.failed('the writer thread ended before its time'));
        resolve();
      });
    });
  }

  /** Sweeps handed over and not yet durable. */
  get queued(): number {
    return this.queuedSweeps;
  }

  /** Throws what every call after a failure or after `close` answers with. */
  requireAlive(): void {
    if (this.error !== null) throw this.error;
    if (this.closing !== null) throw this.failed('the writer is closed');
  }

  /** Queues sweeps with their verdicts and cursor, copied; one transaction for a batch, or for several. */
  putSweeps(batch: SweepBatch): void {
    this.requireAlive();
    const sweeps = batch.sweeps.length;
    const last = this.waiting.at(-1);
    const most = this.bounds.maxTransactionSweeps;
    if (last?.content instanceof SweepPacker && last.settles.length === 0 && last.sweeps + sweeps <= most) {
      last.content.add(batch);
      last.sweeps += sweeps;
    } else {
      const packer = new SweepPacker(Math.max(Math.min(most, USUAL_SWEEPS), sweeps), USUAL_POINTS);
      packer.add(batch);
      this.waiting.push({ content: packer, sweeps, settles: [] });
    }
    this.queuedSweeps += sweeps;
    this.waitingSweeps += sweeps;
    this.sendSoon();
  }

  /** Queues an entry; resolves when it is durable. */
  write(entry: WriterEntry): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => {
      this.requireAlive();
      this.waiting.push({ content: entry, sweeps: 0, settles: [{ resolve, reject }] });
      this.send();
    });
    // A caller that does not wait hears of it through `failure`; an unheard rejection must not end the process
    // while the bench is energised.
    durable.catch(() => {});
    return durable;
  }

  async ready(): Promise<void> {
    this.requireAlive();
    if (this.queuedSweeps < this.bounds.maxQueuedSweeps) return;
    await new Promise<void>((resolve, reject) => {
      this.waitingForRoom.push({ resolve, reject });
      this.send();
    });
  }

  async flush(): Promise<void> {
    this.requireAlive();
    await this.drained();
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    this.closing.catch(() => {});
    return this.closing;
  }

  private async shut(): Promise<void> {
    await this.drained().catch(() => {});
    if (this.error === null) this.post({ type: 'close' }, []);
    await this.ended;
    if (this.error !== null) throw this.error;
  }

  private async drained(): Promise<void> {
    const last = this.waiting.at(-1) ?? this.inFlight.at(-1)?.at(-1);
    if (last === undefined) return;
    await new Promise<void>((resolve, reject) => {
      last.settles.push({ resolve, reject });
      this.send();
    });
  }

  /** Sends unless it is worth waiting for company. */
  private sendSoon(): void {
    const wait = this.lastSent + GATHER_MILLISECONDS - performance.now();
    if (wait <= 0 || this.isUrgent()) this.send();
    else this.gathering ??= setTimeout(() => this.send(), wait);
  }

  private isUrgent(): boolean {
    const full = this.waitingSweeps >= this.bounds.maxTransactionSweeps;
    return full || this.waitingForRoom.length > 0 || this.waiting.some(({ settles }) => settles.length > 0);
  }

  private send(): void {
    if (this.gathering !== null) clearTimeout(this.gathering);
    this.gathering = null;
    while (this.inFlight.length < TRANSACTIONS_IN_FLIGHT && this.waiting.length > 0) {
      const transaction = this.waiting.splice(0, this.transactionLength());
      this.inFlight.push(transaction);
      for (const { sweeps } of transaction) this.waitingSweeps -= sweeps;
      this.lastSent = performance.now();
      const transfer: ArrayBuffer[] = [];
      this.post({ type: 'write', entries: transaction.map(({ content }) => entryOf(content, transfer)) }, transfer);
    }
  }

  /** Entries of the next transaction: as many as wait, up to the bound, at least one. */
  private transactionLength(): number {
    let sweeps = 0;
    for (const [index, entry] of this.waiting.entries()) {
      sweeps += entry.sweeps;
      if (index > 0 && sweeps > this.bounds.maxTransactionSweeps) return index;
    }
    return this.waiting.length;
  }

  private hear(message: FromWorker): void {
    if (message.type === 'failed') this.fail(new TunnelbenchError(message.code, message.facts));
    if (message.type === 'closed') this.closed = true;
    if (message.type === 'written') this.committed();
  }

  /** The oldest transaction in flight is durable. */
  private committed(): void {
    for (const { sweeps, settles } of this.inFlight.shift() ?? []) {
      this.queuedSweeps -= sweeps;
      for (const { resolve } of settles) resolve();
    }
    if (this.queuedSweeps < this.bounds.maxQueuedSweeps) {
      for (const { resolve } of this.waitingForRoom.splice(0)) resolve();
    }
    if (this.waiting.length > 0) this.sendSoon();
  }

  private fail(error: TunnelbenchError): void {
    if (this.error !== null || this.closed) return;
    this.error = error;
    if (this.gathering !== null) clearTimeout(this.gathering);
    this.rejectFailure(error);
    const lost = [...this.inFlight.splice(0).flat(), ...this.waiting.splice(0)];
    for (const { reject } of [...lost.flatMap(({ settles }) => settles), ...this.waitingForRoom.splice(0)]) {
      reject(error);
    }
  }

  private failed(what: string, cause?: unknown): TunnelbenchError {
    const remedy = 'Everything committed before is in the file; resume the session.';
    return new TunnelbenchError('TB_WRITER_FAILED', { thing: this.file, what, remedy }, { cause });
  }

  private post(message: ToWorker, transfer: readonly ArrayBuffer[]): void {
    this.worker.postMessage(message, transfer);
  }
}

/** An entry as it is posted; the memory of packed sweeps becomes the worker's. */
function entryOf(content: WriterEntry | SweepPacker, transfer: ArrayBuffer[]): WriterEntry {
  if (!(content instanceof SweepPacker)) return content;
  const packed = content.finish();
  transfer.push(packed.numbers.buffer, packed.bytes.buffer);
  return { op: 'sweeps', packed };
}
