import { type ArrayLedger, newLedger } from './array-access.ts';
import { BatchNetwork, type LayeredShape } from './batch-network.ts';
import { CellArray, type CellStates, type LayerCells } from './cell-array.ts';
import type { CellAmplitudes } from './cell-switching.ts';
import type { InSituParameters } from './in-situ-parameters.ts';
import type { JunctionPort } from './junction-port.ts';
import { type Problem, problemSamples, shapeOf } from './run-task.ts';
import { trainInSitu } from './train-in-situ.ts';

/** One training on the cells of a die: everything but the cells themselves. */
export interface CellTask {
  readonly problem: Problem;
  readonly hidden: readonly number[];
  readonly pairsPerWeight: number;
  readonly parameters: InSituParameters;
  readonly seed: number;
  /** Where each layer sits. */
  readonly layers: readonly LayerCells[];
  readonly states: CellStates;
  readonly amplitudes: CellAmplitudes;
  readonly unitSiemens: number;
}

/** Accuracy on the held samples, taken at the first update after the epoch; of the last epoch at the end. */
export interface CellCurvePoint {
  readonly epoch: number;
  readonly updates: number;
  readonly accuracy: number;
}

/** Where a training is, and what an interrupted one left. */
export interface TrainingSoFar {
  readonly updates: number;
  /** One a layer. */
  readonly ledgers: readonly ArrayLedger[];
  readonly curve: readonly CellCurvePoint[];
}

/** How a training tells where it is, and is asked to stop. */
export interface TrainingWatch {
  /** Awaited before the cells are pulsed. */
  readonly beforePulses: (cells: readonly number[]) => Promise<void>;
  /** Awaited after every update of all layers; false ends the training. */
  readonly afterUpdate: (soFar: TrainingSoFar) => Promise<boolean>;
}

export interface CellTrainingOutcome extends TrainingSoFar {
  readonly end: 'finished' | 'stopped';
  /** Share of right answers on the held samples with the weights as read last. */
  readonly accuracy: number;
}

/** Epochs between two readings of all cells: half-selected ones may have moved. */
const REFRESH_EPOCHS = 10;

/** Trains the weights in the junctions behind the port, from where `before` left them. */
export async function trainOnCells(
  task: CellTask,
  port: JunctionPort,
  watch: TrainingWatch,
  before: TrainingSoFar | null = null,
): Promise<CellTrainingOutcome> {
  const { train, held } = problemSamples(task.problem);
  const shape = shapeOf(task, train);
  const arrays = task.layers.map((cells, l) => arrayOf(task, port, watch, cells, l, before));
  for (const array of arrays) await array.refresh();

  const curve = [...(before?.curve ?? [])];
  let updates = before?.updates ?? 0;
  let judged = curve.length;
  const soFar = (): TrainingSoFar => ({ updates, ledgers: arrays.map(({ ledger }) => ({ ...ledger })), curve });
  let stopped = false;
  try {
    await trainInSitu(
      shape,
      arrays,
      train,
      task.parameters,
      [task.seed],
      undefined,
      async (report) => {
        updates = report.updates;
        const ended = Math.ceil(report.epoch) - 1;
        if (ended > judged) {
          judged = ended;
          if (judged % REFRESH_EPOCHS === 0) for (const array of arrays) await array.refresh();
          curve.push({ epoch: judged, updates, accuracy: report.network.accuracy(held) });
        }
        if (!(await watch.afterUpdate(soFar()))) throw new StopTraining();
      },
      updates,
    );
  } catch (error) {
    if (!(error instanceof StopTraining)) throw error;
    stopped = true;
  }
  for (const array of arrays) await array.refresh();
  const accuracy = networkOf(shape, task, arrays, held.count).accuracy(held);
  if (!stopped) curve.push({ epoch: task.parameters.epochs, updates, accuracy });
  return { ...soFar(), end: stopped ? 'stopped' : 'finished', accuracy };
}

class StopTraining extends Error {}

/** The network with the weights as read last. */
function networkOf(shape: LayeredShape, { parameters }: CellTask, arrays: readonly CellArray[], capacity: number) {
  const network = new BatchNetwork(shape, parameters.gains, capacity);
  arrays.forEach((array, l) => {
    const weights = new Float32Array(array.rows * array.columns);
    array.read(weights);
    network.setWeights(l, weights);
  });
  return network;
}

function arrayOf(
  { states, amplitudes, unitSiemens, seed }: CellTask,
  port: JunctionPort,
  { beforePulses }: TrainingWatch,
  cells: LayerCells,
  layer: number,
  before: TrainingSoFar | null,
): CellArray {
  const array = new CellArray({
    cells,
    states,
    amplitudes,
    port,
    unitSiemens,
    key: [seed, layer, 7],
    updatesDone: before?.updates ?? 0,
    beforePulses,
  });
  Object.assign(array.ledger, before?.ledgers[layer] ?? newLedger());
  return array;
}
