import { type DenseKernelExports, denseKernel } from '../kernels/dense-kernel.ts';
import type { Samples } from './samples.ts';

/**
 * A fully connected network as it sits on arrays: layer l has rows[l] row lines (units[l] of them carry values, the rest
 * the constant 1, which is how a crossbar has biases) and units[l + 1] column pairs. Hidden units are tanh, the outputs softmax.
 */
export interface LayeredShape {
  /** Values per layer: inputs, hidden…, classes. */
  readonly units: readonly number[];
  /** Row lines per weight layer that carry the constant 1. */
  readonly biasRows: readonly number[];
}

export const layerCount = ({ units }: LayeredShape): number => units.length - 1;
export const layerRows = ({ units, biasRows }: LayeredShape, layer: number): number => units[layer] + biasRows[layer];
export const layerColumns = ({ units }: LayeredShape, layer: number): number => units[layer + 1];

interface Layer {
  readonly rows: number;
  readonly columns: number;
  /** Floats between rows of this layer's weights, gradient and output. */
  readonly columnStride: number;
  /** Floats between samples at this layer's input. */
  readonly rowStride: number;
  readonly weights: number;
  readonly transposed: number;
  readonly gradient: number;
  /** Input values of the batch. */
  readonly input: number;
  /** Sums, then activations or error at this layer's output. */
  readonly error: number;
  readonly gain: number;
}

/** Batches are processed in rows of four; the rows added hold zeros. */
const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/**
 * Forward and backward passes of whole batches with the weights given. The gains are the read-out's amplification and
 * multiply each layer's column sums.
 */
export class BatchNetwork {
  readonly shape: LayeredShape;
  readonly capacity: number;
  readonly #kernel: DenseKernelExports = denseKernel();
  readonly #layers: Layer[] = [];
  readonly #classStride: number;
  readonly #logits: number;
  #count = 0;

  constructor(shape: LayeredShape, gains: readonly number[], capacity: number) {
    this.shape = shape;
    this.capacity = roundUp(capacity, 4);
    const kernel = this.#kernel;
    const floats = (count: number) => kernel.reserveBytes(4 * count);
    for (let l = 0; l < layerCount(shape); l++) {
      const rows = layerRows(shape, l);
      const columns = layerColumns(shape, l);
      const rowStride = roundUp(rows, 8);
      const columnStride = roundUp(columns + (shape.biasRows[l + 1] ?? 0), 8);
      this.#layers.push({
        rows,
        columns,
        rowStride,
        columnStride,
        weights: floats(rowStride * columnStride),
        transposed: floats(columnStride * rowStride),
        gradient: floats(rowStride * columnStride),
        input: floats(this.capacity * rowStride),
        error: floats(this.capacity * columnStride),
        gain: gains[l],
      });
    }
    this.#classStride = (this.#layers.at(-1) as Layer).columnStride;
    this.#logits = floats(this.capacity * this.#classStride);
  }

  /** Weights of a layer, rows × columns. */
  setWeights(layer: number, values: Float32Array): void {
    const { rows, columns, rowStride, columnStride, weights, transposed } = this.#layers[layer];
    const w = this.#floats(weights, rowStride * columnStride);
    const t = this.#floats(transposed, columnStride * rowStride);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const value = values[i * columns + j];
        w[i * columnStride + j] = value;
        t[j * rowStride + i] = value;
      }
    }
  }

  /** Forward pass of samples order[from … to); returns the number of right answers. */
  forward(samples: Samples, order: ArrayLike<number>, from: number, to: number): void {
    this.#load(samples, order, from, to);
    const padded = roundUp(this.#count, 4);
    this.#layers.forEach((layer, l) => {
      const last = l === this.#layers.length - 1;
      const next = last ? null : this.#layers[l + 1];
      const out = next === null ? this.#logits : next.input;
      const { input, weights, rowStride, columnStride, rows } = layer;
      this.#kernel.product(
        out,
        input,
        weights,
        padded,
        rows,
        columnStride,
        4 * rowStride,
        4,
        4 * columnStride,
        4 * (next?.rowStride ?? columnStride),
      );
      if (next !== null) {
        this.#kernel.activate(out, padded * next.rowStride, layer.gain);
        this.#setBias(l + 1);
      }
    });
  }

  /** Softmax cross-entropy of the batch last passed forward, its gradient left in the layers; returns the mean loss. */
  backward(labels: Uint8Array, order: ArrayLike<number>, from: number): number {
    const loss = this.#outputError(labels, order, from);
    const padded = roundUp(this.#count, 4);
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const { input, error, gradient, transposed, rows, columns, rowStride, columnStride } = this.#layers[l];
      this.#kernel.product(
        gradient,
        input,
        error,
        roundUp(rows, 4),
        this.#count,
        columnStride,
        4,
        4 * rowStride,
        4 * columnStride,
        4 * columnStride,
      );
      if (l === 0) break;
      const below = this.#layers[l - 1];
      this.#kernel.product(
        below.error,
        error,
        transposed,
        padded,
        columns,
        rowStride,
        4 * columnStride,
        4,
        4 * rowStride,
        4 * below.columnStride,
      );
      this.#kernel.throughActivation(below.error, input, padded * below.columnStride, below.gain);
    }
    return loss;
  }

  /** Mean gradient of a layer over the batch, rows × columns. */
  gradient(layer: number, into: Float32Array): void {
    const { rows, columns, columnStride, gradient, rowStride } = this.#layers[layer];
    const g = this.#floats(gradient, rowStride * columnStride);
    const share = 1 / this.#count;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) into[i * columns + j] = g[i * columnStride + j] * share;
    }
  }

  /** Mean squares over the batch of a layer's row values and column errors: what each line needs to know of itself. */
  linePowers(layer: number): { rows: Float64Array; columns: Float64Array } {
    const { rows, columns, rowStride, columnStride, input, error } = this.#layers[layer];
    return {
      rows: meanSquares(this.#floats(input, this.#count * rowStride), this.#count, rowStride, rows),
      columns: meanSquares(this.#floats(error, this.#count * columnStride), this.#count, columnStride, columns),
    };
  }

  /** Right answers of the batch last passed forward. */
  rightAnswers(labels: Uint8Array, order: ArrayLike<number>, from: number): number {
    const classes = this.shape.units.at(-1) as number;
    const logits = this.#floats(this.#logits, this.#count * this.#classStride);
    let right = 0;
    for (let s = 0; s < this.#count; s++) {
      const at = s * this.#classStride;
      let best = 0;
      for (let k = 1; k < classes; k++) if (logits[at + k] > logits[at + best]) best = k;
      if (best === labels[order[from + s]]) right++;
    }
    return right;
  }

  /** Share of right answers over all samples. */
  accuracy(samples: Samples): number {
    const order = Uint32Array.from({ length: samples.count }, (_, i) => i);
    let right = 0;
    for (let from = 0; from < samples.count; from += this.capacity) {
      const to = Math.min(samples.count, from + this.capacity);
      this.forward(samples, order, from, to);
      right += this.rightAnswers(samples.labels, order, from);
    }
    return right / samples.count;
  }

  #load(samples: Samples, order: ArrayLike<number>, from: number, to: number): void {
    const { rowStride, input } = this.#layers[0];
    const count = to - from;
    this.#count = count;
    const x = this.#floats(input, this.capacity * rowStride);
    const { width, values } = samples;
    for (let s = 0; s < count; s++) {
      const source = order[from + s] * width;
      const at = s * rowStride;
      for (let i = 0; i < width; i++) x[at + i] = values[source + i];
    }
    this.#setBias(0);
  }

  #setBias(layer: number): void {
    const { rowStride, rows, input } = this.#layers[layer];
    const units = this.shape.units[layer];
    const x = this.#floats(input, this.capacity * rowStride);
    for (let s = 0; s < this.#count; s++) x.fill(1, s * rowStride + units, s * rowStride + rows);
  }

  #outputError(labels: Uint8Array, order: ArrayLike<number>, from: number): number {
    const { columns, columnStride, error, gain } = this.#layers.at(-1) as Layer;
    const logits = this.#floats(this.#logits, this.capacity * columnStride);
    const e = this.#floats(error, this.capacity * columnStride);
    let loss = 0;
    for (let s = 0; s < this.#count; s++) {
      const at = s * columnStride;
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < columns; k++) top = Math.max(top, logits[at + k]);
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        const value = Math.exp(gain * (logits[at + k] - top));
        e[at + k] = value;
        sum += value;
      }
      const label = labels[order[from + s]];
      loss -= Math.log(e[at + label] / sum);
      const scale = gain / sum;
      for (let k = 0; k < columns; k++) e[at + k] *= scale;
      e[at + label] -= gain;
    }
    return loss / this.#count;
  }

  #floats(address: number, count: number): Float32Array {
    return new Float32Array(this.#kernel.memory.buffer, address, count);
  }
}

function meanSquares(values: Float32Array, count: number, stride: number, used: number): Float64Array {
  const sums = new Float64Array(used);
  for (let s = 0; s < count; s++) {
    const at = s * stride;
    for (let i = 0; i < used; i++) sums[i] += values[at + i] * values[at + i];
  }
  return sums.map((sum) => sum / count);
}
