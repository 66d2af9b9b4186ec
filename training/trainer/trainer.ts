import { availableParallelism } from 'node:os';
import { v7 as uuidV7 } from 'uuid';
import type { Dataset } from '../dataset/dataset.ts';
import type { DefectCorrection } from '../defect-correction.ts';
import { sharedImages } from '../emulation/shared-images.ts';
import { WorkerPool } from '../emulation/worker-pool.ts';
import { kernelBuild } from '../kernels/kernel-build.ts';
import { type NetworkShape, PAPER_SHAPE } from '../network-shape.ts';
import type { Solution, SolutionKind, SolutionProvenance } from '../solution.ts';
import type { TrainingParameters } from '../training-parameters.ts';
import { checkTraining } from './check-parameters.ts';
import { EPOCHS_DONE, ensembleControl, STOP } from './ensemble-control.ts';
import type { SamplerSpec } from './map-sampler.ts';
import type { TrainingAnswer, TrainingTask, TrainingWorkerData } from './training-worker.ts';

export interface TrainerOptions {
  /** Threads; by default one per processor. The result does not depend on it. */
  readonly workers?: number;
  /** Asks for the relaxed kernels. */
  readonly fast?: boolean;
}

export interface Ensemble {
  readonly kind: SolutionKind;
  readonly shape?: NetworkShape;
  readonly parameters: TrainingParameters;
  readonly seed: number;
  /** Members to train. Member m of an ensemble is the same solution whichever others are trained with it. */
  readonly members: readonly number[];
  /** The die's defects, for a hardware-aware training. */
  readonly correction?: DefectCorrection | null;
  /** Source of maps, for a statistics-aware training on a population. */
  readonly sampler?: SamplerSpec | null;
  readonly provenance: Omit<SolutionProvenance, 'dataset' | 'trainedAt' | 'trainingSeconds'>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: EnsembleProgress) => void;
}

export interface EnsembleProgress {
  readonly epochsDone: number;
  readonly epochsTotal: number;
}

export interface TrainedMember {
  readonly member: number;
  readonly solution: Solution;
}

const PROGRESS_MS = 250;

/** Trains ensembles on worker threads that stay alive between ensembles. Dispose of it to end the threads. */
export class Trainer {
  readonly dataset: Dataset;
  /** Kernel build that the threads use, as provenance states it. */
  readonly kernelBuild: string;
  readonly #pool: WorkerPool<TrainingTask, TrainingAnswer>;

  constructor(dataset: Dataset, { workers = availableParallelism(), fast = false }: TrainerOptions = {}) {
    this.dataset = dataset;
    this.kernelBuild = kernelBuild(fast).id;
    const data: TrainingWorkerData = {
      data: { train: sharedImages(dataset.train), validation: sharedImages(dataset.validation) },
      fast,
    };
    this.#pool = new WorkerPool(new URL('./training-worker.ts', import.meta.url), data, workers);
  }

  get workers(): number {
    return this.#pool.size;
  }

  /** Throws TB_TRAINING_PARAMETER where `trainEnsemble` would. */
  check(ensemble: Ensemble): void {
    const { kind, shape = PAPER_SHAPE, parameters, seed, members, correction = null, sampler } = ensemble;
    const hasSampler = (sampler ?? null) !== null;
    checkTraining({ kind, shape, parameters, seed, members, correction, hasSampler }, this.dataset);
  }

  /**
   * Yields each solution as it is finished, in no particular order. Leaving the loop or aborting stops the threads at
   * their next step; solutions in flight are lost, none is yielded half-trained.
   *
   * @throws TB_TRAINING_PARAMETER before any work; the signal's reason when aborted
   */
  async *trainEnsemble(ensemble: Ensemble): AsyncGenerator<TrainedMember, void, undefined> {
    const { shape = PAPER_SHAPE, parameters, seed, members, signal } = ensemble;
    const { correction = null, sampler = null } = ensemble;
    this.check(ensemble);
    signal?.throwIfAborted();

    const control = ensembleControl();
    const stop = () => Atomics.store(control, STOP, 1);
    const endProgress = reportProgress(control, parameters.epochs * members.length, ensemble.onProgress);
    signal?.addEventListener('abort', stop);
    try {
      const pending = new Map(
        members.map((member) => {
          const task = { shape, parameters, seed, member, correction, sampler, control };
          return [member, this.#pool.run(task).then((answer) => ({ member, answer }))] as const;
        }),
      );
      while (pending.size > 0) {
        const { member, answer } = await Promise.race(pending.values());
        pending.delete(member);
        if (answer.trained !== null) {
          yield { member, solution: this.#solution({ ...ensemble, shape }, answer.trained, answer.seconds) };
        }
        if (signal?.aborted) {
          await Promise.allSettled(pending.values());
          signal.throwIfAborted();
        }
      }
    } finally {
      stop();
      signal?.removeEventListener('abort', stop);
      endProgress();
    }
  }

  #solution(
    { kind, shape, parameters, seed, provenance }: Ensemble & { shape: NetworkShape },
    { signs1, signs2, validationErrors, validationImages }: NonNullable<TrainingAnswer['trained']>,
    trainingSeconds: number,
  ): Solution {
    const { name, sha256, splitSeed } = this.dataset;
    return {
      id: uuidV7(),
      kind,
      shape,
      signs1,
      signs2,
      hyper: parameters,
      seed,
      kernelBuild: this.kernelBuild,
      validationErrors,
      validationImages,
      provenance: {
        ...provenance,
        dataset: { name, sha256, splitSeed },
        trainedAt: new Date().toISOString(),
        trainingSeconds,
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }
}

/** Reports while epochs are added; returns what ends it. */
function reportProgress(
  control: Int32Array,
  epochsTotal: number,
  onProgress: ((progress: EnsembleProgress) => void) | undefined,
): () => void {
  if (onProgress === undefined) return () => undefined;
  const report = () => onProgress({ epochsDone: Atomics.load(control, EPOCHS_DONE), epochsTotal });
  const timer = setInterval(report, PROGRESS_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    report();
  };
}
