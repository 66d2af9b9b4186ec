import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { WorkerPool } from '../emulation/worker-pool.ts';
import { DENSE_KERNEL_ID } from '../kernels/dense-kernel.ts';
import type { InSituOutcome, InSituTask } from './run-task.ts';

/** A finished training with what it was asked. */
export interface StoredOutcome {
  readonly key: string;
  readonly kernel: string;
  readonly task: InSituTask;
  readonly outcome: InSituOutcome;
}

/**
 * Runs trainings on worker threads and keeps every outcome in a file, a line of JSON each; what the file has is not run again. A task's
 * outcome depends on the task alone, so neither order nor number of threads matters, and an interrupted campaign goes on where it was.
 */
export class InSituCampaign {
  readonly #file: string;
  readonly #known = new Map<string, StoredOutcome>();
  readonly #pool: WorkerPool<InSituTask, InSituOutcome>;
  readonly #onDone: (done: number, total: number) => void;

  constructor(file: string, workers?: number, onDone: (done: number, total: number) => void = () => undefined) {
    this.#file = file;
    this.#onDone = onDone;
    mkdirSync(dirname(file), { recursive: true });
    for (const stored of readOutcomes(file)) this.#known.set(stored.key, stored);
    this.#pool = new WorkerPool(new URL('./in-situ-worker.ts', import.meta.url), null, workers);
  }

  /** Outcomes in the order of the tasks. */
  async run(tasks: readonly InSituTask[]): Promise<StoredOutcome[]> {
    let done = 0;
    return Promise.all(
      tasks.map(async (task) => {
        const key = taskKey(task);
        const stored = this.#known.get(key) ?? this.#keep(key, task, await this.#pool.run(task));
        done += 1;
        this.#onDone(done, tasks.length);
        return stored;
      }),
    );
  }

  #keep(key: string, task: InSituTask, outcome: InSituOutcome): StoredOutcome {
    const stored = { key, kernel: DENSE_KERNEL_ID, task, outcome };
    appendFileSync(this.#file, `${JSON.stringify(stored)}\n`);
    this.#known.set(key, stored);
    return stored;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

/** Stands for a task and the kernel that would run it. */
function taskKey(task: InSituTask): string {
  return createHash('sha256').update(DENSE_KERNEL_ID).update(JSON.stringify(task)).digest('hex');
}

/** Whole lines only: a crash can leave the last one unfinished. */
function readOutcomes(file: string): StoredOutcome[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as StoredOutcome];
    } catch {
      return [];
    }
  });
}
