import type { DieModel } from '../../analysis/die-model.ts';
import type { Dataset, LabelledImages } from '../dataset/dataset.ts';
import { selectImages } from '../dataset/packed-images.ts';
import type { EmulatedSolution } from '../emulation/emulate-die.ts';
import { sharedImages } from '../emulation/shared-images.ts';
import { WorkerPool } from '../emulation/worker-pool.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { ReadOut } from '../mapping/read-out.ts';

/** Training images from which a solution's importance table is computed: more change the placement hardly at all. */
export const DEFAULT_SAMPLE_IMAGES = 400;

export interface PlacementTask {
  readonly solution: EmulatedSolution;
  readonly models: readonly DieModel[];
  readonly readOut: ReadOut;
  /** Trials of the search on validation images that follows the assignment; 0 for none. */
  readonly trials: number;
  readonly seed: number;
}

export interface PlacedSolution {
  readonly dieModelId: string;
  readonly mapping: Mapping;
  /** Tabulated cost of the die's defects in the default layout and in the one found. */
  readonly costBefore: number;
  readonly costAfter: number;
  /** Errors on the validation images, on which the choice rests, and on the test images, which only report. */
  readonly validation: BeforeAfter;
  readonly test: BeforeAfter;
}

export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
  readonly images: number;
}

export interface PlacementImages {
  readonly sample: LabelledImages['images'];
  readonly validation: LabelledImages;
  readonly test: LabelledImages;
}

/** Places solutions on dies, on all processors. Dispose of it to end the threads. */
export class Placer {
  readonly #pool: WorkerPool<PlacementTask, readonly PlacedSolution[]>;

  constructor(dataset: Dataset, workers?: number, sampleImages: number = DEFAULT_SAMPLE_IMAGES) {
    const count = Math.min(sampleImages, dataset.train.images.count);
    const chosen = Uint32Array.from({ length: count }, (_, i) => i);
    const data: PlacementImages = {
      sample: selectImages(dataset.train.images, chosen),
      validation: sharedImages(dataset.validation),
      test: sharedImages(dataset.test),
    };
    this.#pool = new WorkerPool(new URL('./placement-worker.ts', import.meta.url), data, workers);
  }

  get workers(): number {
    return this.#pool.size;
  }

  /** A mapping of the solution for each die, in the order of the dies. */
  place(task: PlacementTask): Promise<readonly PlacedSolution[]> {
    const { id, shape, signs1, signs2, hyper } = task.solution;
    return this.#pool.run({ ...task, solution: { id, shape, signs1, signs2, hyper } });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }
}
