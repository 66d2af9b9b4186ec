import type { DieModel } from '../../analysis/die-model.ts';
import type { LabelledImages } from '../dataset/dataset.ts';
import type { DieEmulation, EmulatedSolution } from './emulate-die.ts';
import { DEFAULT_CONDITIONS, type EmulationConditions } from './emulation-conditions.ts';
import { sharedImages } from './shared-images.ts';
import { WorkerPool } from './worker-pool.ts';

/** Solutions a task: enough to outweigh the message, few enough to keep every thread busy to the end. */
const SOLUTIONS_PER_TASK = 10;

export interface EmulationTask {
  /** Null: ideal weights. */
  readonly model: DieModel | null;
  readonly solutions: readonly EmulatedSolution[];
  readonly conditions: EmulationConditions;
}

export interface EmulationOptions {
  readonly conditions?: EmulationConditions;
  readonly signal?: AbortSignal | undefined;
  /** Called as results arrive, in no particular order. */
  readonly onResults?: (solutions: readonly EmulatedSolution[], emulation: DieEmulation) => void;
}

/** Evaluates solutions on dies with one set of images, on all processors. Dispose of it to end the threads. */
export class Emulator {
  readonly #pool: WorkerPool<EmulationTask, DieEmulation>;
  readonly images: number;

  constructor(images: LabelledImages, workers?: number) {
    this.images = images.labels.length;
    this.#pool = new WorkerPool(new URL('./emulation-worker.ts', import.meta.url), sharedImages(images), workers);
  }

  /** Errors of every solution on the die (null: ideal weights), in the order of the solutions. */
  async emulate(
    model: DieModel | null,
    solutions: readonly EmulatedSolution[],
    { conditions = DEFAULT_CONDITIONS, signal, onResults }: EmulationOptions = {},
  ): Promise<DieEmulation> {
    const parts = chunks(solutions, SOLUTIONS_PER_TASK).map(async (part) => {
      signal?.throwIfAborted();
      const result = await this.#pool.run({ model, solutions: part.map(carried), conditions });
      signal?.throwIfAborted();
      onResults?.(part, result);
      return result;
    });
    const results = await Promise.all(parts);
    return { errors: results.flatMap(({ errors }) => errors), filledCells: results[0]?.filledCells ?? 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }
}

/** Provenance stays behind: a worker needs weights and parameters only. */
function carried({ id, shape, signs1, signs2, hyper }: EmulatedSolution): EmulatedSolution {
  return { id, shape, signs1, signs2, hyper };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
