import { Worker } from 'node:worker_threads';
import type { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { FifoMutex } from '../transport/fifo-mutex.ts';
import type { LibraryChoice } from './library-candidates.ts';
import { visaError } from './visa-error.ts';
import type { Ask, Failure, Operation, Reply, Response } from './worker-protocol.ts';

interface Pending {
  readonly id: number;
  resolve(value: Reply<Operation>): void;
  reject(error: unknown): void;
}

const CALM = new AbortController().signal;

/** The main thread's side of a visa-worker: one request at a time, in the order of the calls. */
export class VisaWorkerLink {
  /** Name and address for messages. */
  readonly thing: string;
  readonly #choice: LibraryChoice;
  readonly #worker: Worker;
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  readonly #mutex = new FifoMutex();
  #pending: Pending | null = null;
  #last = 0;
  #ended = false;

  constructor(thing: string, choice: LibraryChoice) {
    this.thing = thing;
    this.#choice = choice;
    const workerData = { choice, cancelled: this.#cancelled.buffer };
    this.#worker = new Worker(new URL('./visa-worker.ts', import.meta.url), { workerData });
    this.#worker.on('message', (response: Response) => this.#settle(response));
    this.#worker.on('error', (error) => this.#pending?.reject(error));
    this.#worker.on('exit', () => this.#pending?.reject(new Error('the VISA worker ended')));
    // An idle session must not keep the process alive.
    this.#worker.unref();
  }

  /**
   * Asks when all earlier requests are done. When `signal` aborts, the promise rejects at once; the next request still
   * waits until the library has let go of this one, which `interrupt` may hasten, and until `interrupt` is done: it
   * must not hit a later call.
   */
  ask<Name extends Operation>(
    op: Name,
    values: Ask<Name>,
    signal: AbortSignal,
    interrupt?: () => Promise<void>,
  ): Promise<Reply<Name>> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply<Name>>();
    const perform = async () => {
      if (this.#ended) throw visaError(this.thing, { kind: 'closed' }, this.#choice);
      let interrupting: Promise<void> | undefined;
      const cancel = () => {
        Atomics.store(this.#cancelled, 0, this.#last);
        interrupting = interrupt?.();
        reject(signal.reason);
      };
      signal.addEventListener('abort', cancel, { once: true });
      try {
        resolve((await this.#post(op, values)) as Reply<Name>);
      } finally {
        signal.removeEventListener('abort', cancel);
        await interrupting;
      }
    };
    this.#mutex.run(perform, signal).catch(reject);
    return promise;
  }

  /**
   * Refuses what has not begun, breaks off what runs (it rejects with TB_ABORTED), makes a last request if there is one,
   * and ends the thread: it is never torn out of a native call.
   */
  async end(last?: Ask<'plain'>, interrupt?: () => Promise<void>): Promise<void> {
    this.#ended = true;
    if (this.#pending) {
      Atomics.store(this.#cancelled, 0, this.#pending.id);
      await interrupt?.();
    }
    await this.#mutex.run(async () => {
      try {
        if (last) await this.#post('plain', last);
      } finally {
        await this.#worker.terminate();
      }
    }, CALM);
  }

  async #post(op: Operation, values: object): Promise<Reply<Operation>> {
    this.#last += 1;
    const id = this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Reply<Operation>>();
    this.#pending = { id, resolve, reject };
    this.#worker.ref();
    this.#worker.postMessage({ id, op, ...values });
    try {
      return await promise;
    } finally {
      this.#pending = null;
      this.#worker.unref();
    }
  }

  #settle(response: Response): void {
    const pending = this.#pending;
    if (pending?.id !== response.id) return;
    if ('value' in response) pending.resolve(response.value);
    else pending.reject(this.#error(response.failure));
  }

  #error(failure: Failure): TunnelbenchError | Error {
    if (failure.kind === 'defect') return new Error(failure.message);
    return visaError(this.thing, failure, this.#choice);
  }
}
