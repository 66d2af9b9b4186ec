import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Answer, revive } from './answer-tasks.ts';

/**
 * Threads that each load one module and answer one task at a time, kept alive between tasks. A task's result depends
 * on the task alone, so the number of threads cannot matter.
 *
 * The module gets `data` as its workerData and answers every message with `{ result }` or `{ error }`.
 */
export class WorkerPool<Task, Result> {
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #waiting: Waiting<Task, Result>[] = [];
  readonly #running = new Map<Worker, Waiting<Task, Result>>();
  #failure: unknown = null;

  constructor(module: URL, data: unknown, size: number = availableParallelism()) {
    for (let i = 0; i < Math.max(1, size); i++) {
      const worker = new Worker(module, { workerData: data });
      worker.on('message', (answer: Answer<Result>) => this.#finish(worker, answer));
      worker.on('error', (error) => this.#fail(error));
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  get size(): number {
    return this.#workers.length;
  }

  /** Resolves with the task's result; rejects with what the task threw, or when the pool failed or was closed. */
  run(task: Task): Promise<Result> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#start();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error('the worker pool was closed'));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const worker = this.#idle.pop() as Worker;
      const next = this.#waiting.shift() as Waiting<Task, Result>;
      this.#running.set(worker, next);
      worker.postMessage(next.task);
    }
  }

  #finish(worker: Worker, answer: Answer<Result>): void {
    const asked = this.#running.get(worker);
    // An answer that comes after the pool has failed or was closed: whoever asked knows already.
    if (asked === undefined) return;
    const { resolve, reject } = asked;
    this.#running.delete(worker);
    this.#idle.push(worker);
    this.#start();
    if ('error' in answer) reject(revive(answer.error));
    else resolve(answer.result);
  }

  /** A thread that dies takes the pool with it: its task cannot be told from one that would kill the next thread. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#running.values(), ...this.#waiting]) reject(this.#failure);
    this.#running.clear();
    this.#waiting.length = 0;
  }
}

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}
