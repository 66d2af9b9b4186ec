import { layerRows } from './batch-network.ts';
import { problemSamples, shapeOf } from './run-task.ts';
import { BINARY_PARAMETERS, trainBaseline } from './software-baselines.ts';
import type { CellTask } from './train-on-cells.ts';

/** What off-line training and one programming of the same cells would give and take. */
export interface OfflineForecast {
  /** Of each seed, with the cells' own conductances. */
  readonly accuracies: readonly number[];
  /** Cells to be written; half of them stand wrong. */
  readonly cells: number;
  readonly pulses: number;
  readonly joules: number;
}

/** Software-binary weights of the same network, every pair of a weight alike, written with verify at `pulseVolts`. */
export function forecastOffline(
  task: CellTask,
  pulse: { readonly volts: number; readonly seconds: number },
  seeds: readonly number[],
): OfflineForecast {
  const { train, held } = problemSamples(task.problem);
  const shape = shapeOf(task, train);
  const { gain, ...parameters } = BINARY_PARAMETERS[task.problem.kind === 'mnist' ? 'images' : 'table'];
  const gains = task.layers.map((_, l) => gain / Math.sqrt(layerRows(shape, l)));
  const accuracies = seeds.map((seed) => {
    const { network, weights } = trainBaseline(shape, train, { ...parameters, gains }, true, [seed], held.count);
    weights.forEach((signs, l) => {
      network.setWeights(l, written(signs, task, l));
    });
    return network.accuracy(held);
  });
  const cells = task.layers.reduce((sum, { plus }) => sum + 2 * plus.length, 0);
  const siemens = task.layers.flatMap(({ plus }) => [...plus].map((cell) => task.states.siemensP[cell]));
  const mean = siemens.reduce((sum, value) => sum + value, 0) / siemens.length;
  const pulses = Math.ceil(cells / 2);
  return { accuracies, cells, pulses, joules: pulses * pulse.volts ** 2 * pulse.seconds * mean };
}

/** Weights as the cells have them when each stands where its sign puts it. */
function written(signs: Float32Array, { layers, states, unitSiemens, pairsPerWeight }: CellTask, l: number) {
  const { plus, minus } = layers[l];
  const { siemensP, siemensAp } = states;
  return signs.map((sign, weight) => {
    let sum = 0;
    for (let at = weight; at < plus.length; at += signs.length) {
      const [raised, lowered] = sign > 0 ? [plus[at], minus[at]] : [minus[at], plus[at]];
      sum += Math.sign(sign) * (siemensP[raised] - siemensAp[lowered]);
    }
    return sum / (unitSiemens * pairsPerWeight);
  });
}
