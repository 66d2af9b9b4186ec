import type { PackedImages } from '../dataset/packed-images.ts';
import type { EmulatedSolution } from '../emulation/emulate-die.ts';
import { type Gains, gainsOf } from '../kernels/gains.ts';
import { hiddenActivation } from './hidden-activation.ts';

/**
 * Values a defective weight may be worth, at which the harm is tabulated; between them it is interpolated. Shorts lie
 * around ±6 to ±19, everything else within ±3.
 */
export const WEIGHT_LEVELS: readonly number[] = [-24, -16, -10, -6, -3, -1, 0, 1, 3, 6, 10, 16, 24];

/**
 * What it costs a solution when one weight is worth something else than its sign: the mean divergence (Kullback and
 * Leibler) of the outputs from the undisturbed ones over the sample, one table a level, in the order of the weights.
 * Never negative, and no labels enter: a cost that may fall below zero invites a placement to pile defects up where
 * each alone seems to help, and together they ruin the network.
 */
export interface WeightImportance {
  /** levels × (inputs · hidden). */
  readonly layer1: readonly Float32Array[];
  /** levels × (hidden · outputs). */
  readonly layer2: readonly Float32Array[];
}

/**
 * Layer 2 is exact for a single defect: ln(1 + p_k (e^Δz − 1)) − p_k Δz. Layer 1 is second order in the change of the
 * one hidden value, which itself is exact: ½ H Δh² with H the variance of the output weights under p. Defects are taken
 * one at a time; a placement adds their costs up.
 */
export function weightImportance(solution: EmulatedSolution, sample: PackedImages): WeightImportance {
  const { inputs, hidden, outputs } = solution.shape;
  const tables = (length: number) => WEIGHT_LEVELS.map(() => new Float32Array(length));
  const importance = { layer1: tables(inputs * hidden), layer2: tables(hidden * outputs) };
  const pass = new ForwardPass(solution);
  for (let image = 0; image < sample.count; image++) {
    pass.run(sample, image);
    addLayer1(importance.layer1, pass, sample, image);
    addLayer2(importance.layer2, pass);
  }
  for (const table of [...importance.layer1, ...importance.layer2]) {
    for (let i = 0; i < table.length; i++) table[i] /= sample.count;
  }
  return importance;
}

/** One image through the ideal network, with what the costs need. */
class ForwardPass {
  readonly solution: EmulatedSolution;
  readonly gains: Gains;
  readonly activation: (x: number) => number;
  readonly drive: Float64Array;
  readonly hidden: Float64Array;
  readonly probability: Float64Array;
  /** Second derivative of the divergence with respect to each hidden value. */
  readonly curvature: Float64Array;

  constructor(solution: EmulatedSolution) {
    const { hidden, outputs } = solution.shape;
    this.solution = solution;
    this.gains = gainsOf(solution.shape, solution.hyper);
    this.activation = hiddenActivation(solution.hyper.activation);
    this.drive = new Float64Array(hidden);
    this.hidden = new Float64Array(hidden);
    this.probability = new Float64Array(outputs);
    this.curvature = new Float64Array(hidden);
  }

  run({ start, pixel, value }: PackedImages, image: number): void {
    const { signs1, shape } = this.solution;
    this.drive.fill(0);
    for (let entry = start[image]; entry < start[image + 1]; entry++) {
      const row = pixel[entry] * shape.hidden;
      for (let j = 0; j < shape.hidden; j++) this.drive[j] += value[entry] * signs1[row + j];
    }
    this.#outputs();
    this.#curvatures();
  }

  #outputs(): void {
    const { signs2, shape } = this.solution;
    this.probability.fill(0);
    for (let j = 0; j < shape.hidden; j++) {
      this.drive[j] *= this.gains.layer1;
      this.hidden[j] = this.activation(this.drive[j]);
      for (let k = 0; k < shape.outputs; k++) {
        this.probability[k] += this.gains.layer2 * this.hidden[j] * signs2[j * shape.outputs + k];
      }
    }
    const largest = Math.max(...this.probability);
    let total = 0;
    for (let k = 0; k < shape.outputs; k++) {
      this.probability[k] = Math.exp(this.probability[k] - largest);
      total += this.probability[k];
    }
    for (let k = 0; k < shape.outputs; k++) this.probability[k] /= total;
  }

  #curvatures(): void {
    const { signs2, shape } = this.solution;
    for (let j = 0; j < shape.hidden; j++) {
      let mean = 0;
      let square = 0;
      for (let k = 0; k < shape.outputs; k++) {
        const weight = this.gains.layer2 * signs2[j * shape.outputs + k];
        mean += this.probability[k] * weight;
        square += this.probability[k] * weight * weight;
      }
      // A variance; rounding may leave it a hair below zero.
      this.curvature[j] = Math.max(0, square - mean * mean);
    }
  }
}

function addLayer1(tables: readonly Float32Array[], pass: ForwardPass, sample: PackedImages, image: number): void {
  const { start, pixel, value } = sample;
  const { signs1, shape } = pass.solution;
  const { activation, gains, drive, hidden, curvature } = pass;
  for (let entry = start[image]; entry < start[image + 1]; entry++) {
    const scale = gains.layer1 * value[entry];
    const row = pixel[entry] * shape.hidden;
    for (let level = 0; level < WEIGHT_LEVELS.length; level++) {
      const table = tables[level];
      const worth = WEIGHT_LEVELS[level];
      for (let j = 0; j < shape.hidden; j++) {
        if (worth === signs1[row + j]) continue;
        const change = activation(drive[j] + scale * (worth - signs1[row + j])) - hidden[j];
        table[row + j] += 0.5 * curvature[j] * change * change;
      }
    }
  }
}

function addLayer2(tables: readonly Float32Array[], pass: ForwardPass): void {
  const { signs2, shape } = pass.solution;
  const { gains, hidden, probability } = pass;
  for (let level = 0; level < WEIGHT_LEVELS.length; level++) {
    const table = tables[level];
    for (let j = 0; j < shape.hidden; j++) {
      for (let k = 0; k < shape.outputs; k++) {
        const weight = j * shape.outputs + k;
        const change = gains.layer2 * hidden[j] * (WEIGHT_LEVELS[level] - signs2[weight]);
        table[weight] += Math.max(0, Math.log1p(probability[k] * Math.expm1(change)) - probability[k] * change);
      }
    }
  }
}
