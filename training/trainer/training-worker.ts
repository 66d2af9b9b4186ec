import { workerData } from 'node:worker_threads';
import type { Dataset } from '../dataset/dataset.ts';
import type { DefectCorrection } from '../defect-correction.ts';
import { answerTasks } from '../emulation/answer-tasks.ts';
import { kernelBuild } from '../kernels/kernel-build.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { TrainingParameters } from '../training-parameters.ts';
import { EPOCHS_DONE, STOP } from './ensemble-control.ts';
import type { MapSampler, SamplerSpec } from './map-sampler.ts';
import { type TrainedWeights, trainSolution } from './train-solution.ts';

export interface TrainingWorkerData {
  readonly data: Pick<Dataset, 'train' | 'validation'>;
  readonly fast: boolean;
}

export interface TrainingTask {
  readonly shape: NetworkShape;
  readonly parameters: TrainingParameters;
  readonly seed: number;
  readonly member: number;
  readonly correction: DefectCorrection | null;
  readonly sampler: SamplerSpec | null;
  /** Shared with the thread that asked; see ensemble-control.ts. */
  readonly control: Int32Array;
}

export interface TrainingAnswer {
  /** Null when stopped. */
  readonly trained: TrainedWeights | null;
  readonly seconds: number;
}

const { data, fast } = workerData as TrainingWorkerData;
const build = kernelBuild(fast);

answerTasks(async ({ control, sampler, ...job }: TrainingTask): Promise<TrainingAnswer> => {
  const started = performance.now();
  const maps = sampler === null ? null : await createSampler(sampler);
  const trained = trainSolution({ ...job, sampler: maps }, data, build, {
    keepGoing: () => Atomics.load(control, STOP) === 0,
    onEpoch: () => Atomics.add(control, EPOCHS_DONE, 1),
  });
  return { trained, seconds: (performance.now() - started) / 1000 };
});

async function createSampler({ module, create, options }: SamplerSpec): Promise<MapSampler> {
  return (await import(module))[create](options);
}
