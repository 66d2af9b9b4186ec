import { loadDataset } from '../dataset/load-dataset.ts';
import { loadTable, type TableName } from '../dataset/load-table.ts';
import type { PulseSettings } from './amplitude.ts';
import { type ArrayLedger, newLedger } from './array-access.ts';
import { type BatchNetwork, type LayeredShape, layerColumns, layerCount, layerRows } from './batch-network.ts';
import type { GatedLines } from './gated-lines.ts';
import { type ImageSamples, imageSamples } from './image-samples.ts';
import type { InSituParameters } from './in-situ-parameters.ts';
import type { JunctionPopulation } from './junctions.ts';
import type { PassiveLines } from './passive-lines.ts';
import type { Samples } from './samples.ts';
import { SoftwareArray } from './software-array.ts';
import { BINARY_PARAMETERS, REAL_PARAMETERS, type TrainedBaseline, trainBaseline } from './software-baselines.ts';
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
  /**
   * `binary-mapped` writes each junction once, `binary-verified` until it is as wanted: what is then lost is lost to reads and to
   * junctions that cannot be written.
   */
  readonly method: 'in-situ' | 'real' | 'binary-mapped' | 'binary-verified';
  readonly pairsPerWeight: number;
  readonly parameters: InSituParameters;
  readonly junctions: JunctionPopulation;
  readonly pulses: PulseSettings;
  readonly passive: PassiveLines | null;
  /** Lines and access transistors solved as a circuit; ideal ones where neither this nor `passive` is given. */
  readonly gated?: GatedLines;
  readonly seed: number;
  /** Accuracy is taken after every so many epochs, and after the last. */
  readonly judgeEvery: number;
  /** Accuracy is also taken after 1, 2, 3 … updates, each time when a quarter more have been done. */
  readonly judgeEarly?: boolean;
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
  if (task.method !== 'in-situ') return mapOnce(shape, arrays, train, held, task);

  const curve: CurvePoint[] = [];
  const { epochs } = task.parameters;
  const judge = (epoch: number, now: BatchNetwork) =>
    curve.push({ epoch, accuracy: now.accuracy(held), ...sumLedgers(arrays) });
  let nextUpdate = task.judgeEarly ? 1 : Number.POSITIVE_INFINITY;
  const network = await trainInSitu(
    shape,
    arrays,
    train,
    task.parameters,
    [task.seed],
    ({ epoch, network: now }) => {
      if ((epoch + 1) % task.judgeEvery === 0 || epoch === epochs - 1) judge(epoch + 1, now);
    },
    ({ updates, epoch, network: now }) => {
      if (updates < nextUpdate) return;
      judge(epoch, now);
      nextUpdate = Math.ceil(1.25 * updates);
    },
  );
  return { ...judged(network, held), curve, ...wear(arrays) };
}

function trainReal(shape: LayeredShape, train: Samples, { problem, seed }: InSituTask) {
  const gains = Array.from({ length: layerCount(shape) }, () => 1);
  const parameters = REAL_PARAMETERS[problem.kind === 'mnist' ? 'images' : 'table'];
  return trainBaseline(shape, train, { ...parameters, gains }, false, [seed]);
}

/** Software-binary weights, written with overdriven pulses, read with the devices' own conductances. */
function mapOnce(
  shape: LayeredShape,
  arrays: readonly SoftwareArray[],
  train: Samples,
  held: Samples,
  task: InSituTask,
): InSituOutcome {
  const { network, weights } = binaryBaseline(shape, train, task);
  arrays.forEach((array, l) => {
    if (task.method === 'binary-verified') array.write(weights[l]);
    else array.pulse(weights[l]);
    const read = new Float32Array(weights[l].length);
    array.read(read);
    network.setWeights(l, read);
  });
  return { ...judged(network, held), ...wear(arrays) };
}

/** The same software network is mapped onto many arrays: the last one trained is kept. */
let lastBinary: { readonly key: string; readonly baseline: TrainedBaseline } | null = null;

function binaryBaseline(shape: LayeredShape, train: Samples, { problem, hidden, seed }: InSituTask): TrainedBaseline {
  const key = JSON.stringify([problem, hidden, seed]);
  if (lastBinary?.key === key) return lastBinary.baseline;
  const parameters = BINARY_PARAMETERS[problem.kind === 'mnist' ? 'images' : 'table'];
  const gains = Array.from({ length: layerCount(shape) }, (_, l) => parameters.gain / Math.sqrt(layerRows(shape, l)));
  lastBinary = { key, baseline: trainBaseline(shape, train, { ...parameters, gains }, true, [seed]) };
  return lastBinary.baseline;
}

function judged(network: BatchNetwork, held: Samples): InSituOutcome {
  return { accuracy: network.accuracy(held), curve: [], junctions: 0, mostPulses: 0 };
}

/** The network as it sits on arrays, rows for constants included. */
export function shapeOf({ problem, hidden }: Pick<InSituTask, 'problem' | 'hidden'>, train: Samples): LayeredShape {
  const images = problem.kind === 'mnist';
  return {
    units: [train.width, ...hidden, train.classes],
    biasRows: [images ? IMAGE_BIAS_ROWS : 1, ...hidden.map(() => (images ? HIDDEN_BIAS_ROWS : 1))],
  };
}

function arraysOf(shape: LayeredShape, task: InSituTask): SoftwareArray[] {
  const pulses = task.method === 'in-situ' ? task.pulses : ({ ...task.pulses, policy: 'gated' } as const);
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
        ...(task.gated && { gated: task.gated }),
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

/** What is learnt and what is judged. */
export function problemSamples(problem: Problem): { train: Samples; held: Samples } {
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
