import type { SwitchingOfDie } from './cell-switching.ts';
import type { JunctionPort } from './junction-port.ts';
import { SimulatedJunctions } from './simulated-junctions.ts';
import { type CellTask, type CellTrainingOutcome, trainOnCells } from './train-on-cells.ts';

/** What a training will ask of the bench, from simulated runs of the same task on the die's fitted law. */
export interface TrainingForecast {
  /** Accuracy of each run. */
  readonly accuracies: readonly number[];
  /** Of the run that took most. */
  readonly pulses: number;
  readonly mostPulses: number;
  readonly updates: number;
  readonly joules: number;
  /** Pairs routed for pulses and read afterwards, one reading each; pairs only read, two each. */
  readonly visits: number;
  readonly pairsRead: number;
  /** Driver channels that an update of all cells at once would need: every row and every column of the largest layer. */
  readonly channelsAtOnce: number;
}

/** Key of the simulated junctions' streams, so that they share no draw with the training. */
const JUNCTION_STREAM = 71;

/** Runs the whole task in software, once a seed. */
export async function forecastTraining(
  task: CellTask,
  switching: SwitchingOfDie,
  pulseSeconds: number,
  seeds: readonly number[],
): Promise<TrainingForecast> {
  const runs: { outcome: CellTrainingOutcome; junctions: SimulatedJunctions }[] = [];
  for (const seed of seeds) {
    const junctions = new SimulatedJunctions(task.states, switching, pulseSeconds, [seed, JUNCTION_STREAM]);
    runs.push({ outcome: await softwareRun({ ...task, seed }, junctions), junctions });
  }
  const most = (of: (run: (typeof runs)[number]) => number) => Math.max(...runs.map(of));
  return {
    accuracies: runs.map(({ outcome }) => outcome.accuracy),
    pulses: most(({ junctions }) => junctions.pulses.reduce((sum, count) => sum + count, 0)),
    mostPulses: most(({ junctions }) => junctions.pulses.reduce((largest, count) => Math.max(largest, count), 0)),
    updates: runs[0].outcome.updates,
    joules: most(({ outcome }) => outcome.ledgers.reduce((sum, { joules }) => sum + joules, 0)),
    visits: most(({ junctions }) => junctions.visits),
    pairsRead: most(({ junctions }) => junctions.pairsRead),
    channelsAtOnce: Math.max(...task.layers.map(({ rows, columns }) => rows + 2 * columns)),
  };
}

/** One training on a port that needs no watching. */
export function softwareRun(task: CellTask, port: JunctionPort): Promise<CellTrainingOutcome> {
  return trainOnCells(task, port, { beforePulses: async () => {}, afterUpdate: async () => true });
}
