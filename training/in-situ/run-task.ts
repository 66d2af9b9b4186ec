import { loadDataset } from '../dataset/load-dataset.ts';
import { loadTable, type TableName } from '../dataset/load-table.ts';
import type { PulseSettings } from './amplitude.ts';
import { type ArrayLedger, newLedger } from './array-access.ts';
import { type BatchNetwork, type LayeredShape, layerColumns, layerCount, layerRows } from './batch-network.ts';
import { type ImageSamples, imageSamples } from './image-samples.ts';
import type { InSituParameters } from './in-situ-parameters.ts';
import type { JunctionPopulation } from './junctions.ts';
import type { PassiveLines } from './passive-lines.ts';
import type { Samples } from './samples.ts';
import { SoftwareArray } from './software-array.ts';
import { BINARY_PARAMETERS, REAL_PARAMETERS, trainBaseline } from './software-baselines.ts';
import { tableFold } from './table-folds.ts';
import { trainInSitu } from './train-in-situ.ts';

/** What is learnt, and what it is judged on. */
export type Problem =
  | {
      readonly kind: 'mnist';
      /** Side of the squares averaged into a pixel: 2 gives 10 × 10 images, 4 gives 5 × 5. */
      readonly block: number;
      readonly judge: 'validation' | 'test';
    }
  | {
      readonly kind: 'table';
      readonly name: TableName;
      readonly repetition: number;
      readonly fold: number;
      /** `validation`: a fifth of the fold's training part, the fold's test part untouched. */
      readonly judge: 'validation' | 'test';
    };

/** One training: a value, so that it can be sent to a worker and stored. */
export interface InSituTask {
  readonly problem: Problem;
  readonly hidden: readonly number[];
  readonly method: 'in-situ' | 'real' | 'binary-mapped';
  readonly pairsPerWeight: number;
  readonly parameters: InSituParameters;
  readonly junctions: JunctionPopulation;
  readonly pulses: PulseSettings;
  readonly passive: PassiveLines | null;
  readonly seed: number;
  /** Accuracy is taken after every so many epochs, and after the last. */
  readonly judgeEvery: number;
}

export interface CurvePoint extends ArrayLedger {
  readonly epoch: number;
  /** Share of right answers on what the problem is judged by. */
  readonly accuracy: number;
}

export interface InSituOutcome {
  readonly accuracy: number;
  /** Empty for the software methods. */
  readonly curve: readonly CurvePoint[];
  readonly junctions: number;
  /** Most pulses that one junction had. */
  readonly mostPulses: number;
}

/** Rows of the array that carry constants: four corner pixels of 100 give way, and the second layer has ten rows to spare. */
const IMAGE_BIAS_ROWS = 4;
const HIDDEN_BIAS_ROWS = 10;

/** Trains and judges. Depends on the task alone. */
export async function runInSituTask(task: InSituTask): Promise<InSituOutcome> {
  const { train, held } = problemSamples(task.problem);
  const shape = shapeOf(task, train);
  if (task.method === 'real') return judged(trainReal(shape, train, task).network, held);
  const arrays = arraysOf(shape, task);
  if (task.method === 'binary-mapped') return mapOnce(shape, arrays, train, held, task);

  const curve: CurvePoint[] = [];
  const { epochs } = task.parameters;
  const network = await trainInSitu(shape, arrays, train, task.parameters, [task.seed], ({ epoch, network: now }) => {
    if ((epoch + 1) % task.judgeEvery !== 0 && epoch !== epochs - 1) return;
    curve.push({ epoch: epoch + 1, accuracy: now.accuracy(held), ...sumLedgers(arrays) });
  });
  return { ...judged(network, held), curve, ...wear(arrays) };
}

function trainReal(shape: LayeredShape, train: Samples, { problem, seed }: InSituTask) {
  const gains = Array.from({ length: layerCount(shape) }, () => 1);
  const parameters = REAL_PARAMETERS[problem.kind === 'mnist' ? 'images' : 'table'];
  return trainBaseline(shape, train, { ...parameters, gains }, false, [seed]);
}

/** Software-binary weights, written once with one overdriven pulse per junction, not verified, read with the devices' own conductances. */
function mapOnce(
  shape: LayeredShape,
  arrays: readonly SoftwareArray[],
  train: Samples,
  held: Samples,
  { problem, seed }: InSituTask,
): InSituOutcome {
  const parameters = BINARY_PARAMETERS[problem.kind === 'mnist' ? 'images' : 'table'];
  const gains = Array.from({ length: layerCount(shape) }, (_, l) => parameters.gain / Math.sqrt(layerRows(shape, l)));
  const { network, weights } = trainBaseline(shape, train, { ...parameters, gains }, true, [seed]);
  arrays.forEach((array, l) => {
    array.pulse(weights[l]);
    const read = new Float32Array(weights[l].length);
    array.read(read);
    network.setWeights(l, read);
  });
  return { ...judged(network, held), ...wear(arrays) };
}

function judged(network: BatchNetwork, held: Samples): InSituOutcome {
  return { accuracy: network.accuracy(held), curve: [], junctions: 0, mostPulses: 0 };
}

function shapeOf({ problem, hidden }: InSituTask, train: Samples): LayeredShape {
  const images = problem.kind === 'mnist';
  return {
    units: [train.width, ...hidden, train.classes],
    biasRows: [images ? IMAGE_BIAS_ROWS : 1, ...hidden.map(() => (images ? HIDDEN_BIAS_ROWS : 1))],
  };
}

function arraysOf(shape: LayeredShape, task: InSituTask): SoftwareArray[] {
  const pulses = task.method === 'binary-mapped' ? ({ ...task.pulses, policy: 'gated' } as const) : task.pulses;
  return Array.from(
    { length: layerCount(shape) },
    (_, l) =>
      new SoftwareArray({
        rows: layerRows(shape, l),
        columns: layerColumns(shape, l),
        pairsPerWeight: task.pairsPerWeight,
        junctions: task.junctions,
        pulses,
        passive: task.passive,
        key: [task.seed, l],
      }),
  );
}

function sumLedgers(arrays: readonly SoftwareArray[]): ArrayLedger {
  const sum = newLedger();
  for (const { ledger } of arrays) {
    for (const name of Object.keys(sum) as (keyof ArrayLedger)[]) sum[name] += ledger[name];
  }
  return sum;
}

function wear(arrays: readonly SoftwareArray[]): { junctions: number; mostPulses: number } {
  return {
    junctions: arrays.reduce((sum, { junctions }) => sum + junctions.count, 0),
    mostPulses: arrays.reduce((most, { junctions }) => junctions.pulses.reduce((m, p) => Math.max(m, p), most), 0),
  };
}

const loadedImages = new Map<number, ImageSamples>();

function problemSamples(problem: Problem): { train: Samples; held: Samples } {
  if (problem.kind === 'mnist') {
    const images = imagesOf(problem.block);
    return { train: images.train, held: images[problem.judge] };
  }
  const { name, repetition, fold, judge } = problem;
  return tableFold(loadTable(name), repetition, fold, 5, judge === 'validation');
}

function imagesOf(block: number): ImageSamples {
  const loaded =
    loadedImages.get(block) ??
    imageSamples(loadDataset(undefined, { downscaling: { crop: 20, block } }), IMAGE_BIAS_ROWS);
  loadedImages.set(block, loaded);
  return loaded;
}
