/** One training in one instance of the kernels: weights, optimiser and images live in its memory. */
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { LabelledImages } from '../dataset/dataset.ts';
import type { DefectCorrection, LayerCorrection } from '../defect-correction.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { RandomStream } from '../random-stream.ts';
import type { DefectMapBatch, LayerMaps } from '../trainer/map-sampler.ts';
import type { TrainingParameters } from '../training-parameters.ts';
import { gainsOf } from './gains.ts';
import { instantiate, type KernelBuild } from './kernel-build.ts';
import { ACTIVATION_CODES, type KernelExports } from './kernel-exports.ts';
import { loadImages } from './load-images.ts';

/** Both layers' values in the layout of a solution: inputs × hidden and hidden × outputs. */
export interface LayerValues {
  readonly layer1: Float32Array;
  readonly layer2: Float32Array;
}

/** A defective weight as a step used it, for comparison with the reference. */
export interface DrawnDefect {
  readonly layer: 1 | 2;
  /** Place in the batch. */
  readonly image: number;
  /** Index in the layer, as in LayerCorrection. */
  readonly index: number;
  readonly effective: number;
  readonly slope: number;
}

const DEFECT_RECORD_BYTES = 20;
const LISTED_RECORD_BYTES = 12;

export class TrainingKernel {
  readonly shape: NetworkShape;
  readonly #kernel: KernelExports;
  readonly #hyper: TrainingParameters;
  #step = 0;
  #beta1Power = 1;
  #beta2Power = 1;
  #listedRoom: [number, number] = [0, 0];

  constructor(build: KernelBuild, shape: NetworkShape, hyper: TrainingParameters, data: LabelledImages) {
    const { images, labels } = data;
    const kernel = instantiate(build);
    const entries = images.start[images.count] - images.start[0];
    kernel.configure(shape.inputs, shape.hidden, shape.outputs, hyper.batchSize, images.count, entries);
    loadImages(kernel, images);
    new Uint8Array(kernel.memory.buffer, kernel.addressOfLabels(), images.count).set(labels);
    const { layer1, layer2 } = gainsOf(shape, hyper);
    kernel.setNetwork(layer1, layer2, ACTIVATION_CODES[hyper.activation]);
    this.shape = shape;
    this.#kernel = kernel;
    this.#hyper = hyper;
  }

  /** Trains around one die: the same defects for every image. */
  useDieCorrection(correction: DefectCorrection): void {
    const { inputs, outputs } = this.shape;
    const { layer1, layer2 } = correction;
    const at = this.#kernel.useDieCorrection(layer1.index.length + layer2.index.length);
    const words = new Uint32Array(this.#kernel.memory.buffer, at, 4 * (layer1.index.length + layer2.index.length));
    const values = new Float32Array(words.buffer, at, words.length);
    const stride = this.#kernel.hiddenStride();
    const { hidden } = this.shape;
    const row1 = (index: number) => Math.floor(index / hidden) * stride + (index % hidden);
    const row2 = (index: number) => (inputs + (index % outputs)) * stride + Math.floor(index / outputs);
    let word = 0;
    const write = ({ index, plus, minus }: LayerCorrection, offset: (index: number) => number) => {
      for (let i = 0; i < index.length; i++) {
        words[word] = 4 * offset(index[i]);
        values[word + 1] = plus[i];
        values[word + 2] = minus[i];
        values[word + 3] = this.#passes ? 1 : (plus[i] - minus[i]) / 2;
        word += 4;
      }
    };
    write(layer1, row1);
    write(layer2, row2);
    this.#kernel.refreshWeights();
  }

  /** Draws a fresh map per image inside the kernel. */
  useUniformMaps(defectRate: number, wSat: number, random: RandomStream): void {
    const { batchSize } = this.#hyper;
    const { inputs, hidden, outputs } = this.shape;
    const at = this.#kernel.useUniformMaps(
      1 / Math.log1p(-defectRate),
      wSat,
      this.#passes,
      room(batchSize * inputs * hidden, defectRate),
      room(batchSize * hidden * outputs, defectRate),
    );
    const state = new Uint32Array(this.#kernel.memory.buffer, at, 16);
    // All four words of a generator zero is the one state it cannot leave; 1 is as good as any other.
    for (let word = 0; word < 16; word++)
      state[word] = word < 4 ? 1 + random.below(2 ** 32 - 1) : random.below(2 ** 32);
  }

  /** Gives the next step the maps of its images, one each. TB_TRAINING_PARAMETER when the maps do not fit the batch. */
  setMaps(batch: DefectMapBatch): void {
    const { layer1, layer2 } = batch;
    const { inputs, hidden, outputs } = this.shape;
    if (batch.maps !== this.#hyper.batchSize) {
      throw badMaps('maps of a batch', String(batch.maps), `${this.#hyper.batchSize}, one an image`);
    }
    requireIndices(layer1, inputs * hidden);
    requireIndices(layer2, hidden * outputs);
    const [room1, room2] = this.#listedRoom;
    if (room1 === 0 || layer1.index.length > room1 || layer2.index.length > room2) {
      this.#listedRoom = [Math.max(256, 2 * layer1.index.length), Math.max(256, 2 * layer2.index.length)];
      this.#kernel.useListedMaps(this.#passes, ...this.#listedRoom);
    }
    this.#writeMaps(1, layer1);
    this.#writeMaps(2, layer2);
  }

  #writeMaps(layer: 1 | 2, { start, index, plus, minus }: LayerMaps): void {
    const { buffer } = this.#kernel.memory;
    new Uint32Array(buffer, this.#kernel.listedStart(layer), start.length).set(start);
    const at = this.#kernel.listedRecords(layer);
    const words = new Uint32Array(buffer, at, (index.length * LISTED_RECORD_BYTES) / 4);
    const values = new Float32Array(buffer, at, words.length);
    for (let i = 0; i < index.length; i++) {
      words[3 * i] = index[i];
      values[3 * i + 1] = plus[i];
      values[3 * i + 2] = minus[i];
    }
  }

  /** Forward, loss and backward over the images numbered in `batch`; returns the mean loss. */
  gradients(batch: Uint32Array): number {
    new Uint32Array(this.#kernel.memory.buffer, this.#kernel.addressOfOrder(), batch.length).set(batch);
    return this.#kernel.gradients();
  }

  /** The optimiser's step with the gradients at hand. */
  update(learningRate: number): void {
    const { adamBeta1, adamBeta2, adamEpsilon, latentClip } = this.#hyper;
    this.#step++;
    this.#beta1Power *= adamBeta1;
    this.#beta2Power *= adamBeta2;
    this.#kernel.update(
      learningRate / (1 - this.#beta1Power),
      adamBeta1,
      adamBeta2,
      1 / Math.sqrt(1 - this.#beta2Power),
      adamEpsilon,
      latentClip,
    );
  }

  get steps(): number {
    return this.#step;
  }

  /** Latent weights; setting them refreshes the effective ones. */
  get latents(): LayerValues {
    return this.#read(this.#kernel.addressOfLatent());
  }

  set latents(values: LayerValues) {
    this.#write(this.#kernel.addressOfLatent(), values);
    this.#kernel.refreshWeights();
  }

  /** Weights of the last refresh with the die's defects, without an image's own. */
  get effective(): LayerValues {
    return this.#read(this.#kernel.addressOfWeights());
  }

  /** Gradient of the mean loss with respect to the latent weights, as the optimiser takes it. */
  get gradient(): LayerValues {
    return this.#read(this.#kernel.addressOfGradient());
  }

  /** Signs of the latent weights, +1 for 0. */
  signs(): { signs1: Int8Array; signs2: Int8Array } {
    const { layer1, layer2 } = this.latents;
    const sign = (latent: number) => (latent >= 0 ? 1 : -1);
    return { signs1: Int8Array.from(layer1, sign), signs2: Int8Array.from(layer2, sign) };
  }

  /** Defects the last step met: in layer 1 only those at pixels that are not 0. */
  drawnDefects(): DrawnDefect[] {
    return [...this.#drawnIn(1), ...this.#drawnIn(2)];
  }

  #drawnIn(layer: 1 | 2): DrawnDefect[] {
    const { batchSize } = this.#hyper;
    const { inputs, hidden, outputs } = this.shape;
    const { buffer } = this.#kernel.memory;
    const start = new Uint32Array(buffer, this.#kernel.addressOfDefectStart(layer), batchSize + 1);
    const stride = this.#kernel.hiddenStride();
    const drawn: DrawnDefect[] = [];
    for (let image = 0; image < batchSize; image++) {
      for (let at = start[image]; at < start[image + 1]; at += DEFECT_RECORD_BYTES) {
        const element = new Uint32Array(buffer, at, 1)[0] / 4;
        const [effective, slope] = new Float32Array(buffer, at + 12, 2);
        const row = Math.floor(element / stride);
        const unit = element % stride;
        const index = layer === 1 ? row * hidden + unit : unit * outputs + row - inputs;
        drawn.push({ layer, image, index, effective, slope });
      }
    }
    return drawn;
  }

  get #passes(): boolean {
    return this.#hyper.defectGradient === 'pass';
  }

  #read(address: number): LayerValues {
    const { inputs, hidden, outputs } = this.shape;
    const stride = this.#kernel.hiddenStride();
    const rows = new Float32Array(this.#kernel.memory.buffer, address, (inputs + outputs) * stride);
    const layer1 = new Float32Array(inputs * hidden);
    for (let i = 0; i < inputs; i++) layer1.set(rows.subarray(i * stride, i * stride + hidden), i * hidden);
    const layer2 = new Float32Array(hidden * outputs);
    for (let j = 0; j < hidden; j++) {
      for (let k = 0; k < outputs; k++) layer2[j * outputs + k] = rows[(inputs + k) * stride + j];
    }
    return { layer1, layer2 };
  }

  #write(address: number, { layer1, layer2 }: LayerValues): void {
    const { inputs, hidden, outputs } = this.shape;
    const stride = this.#kernel.hiddenStride();
    const rows = new Float32Array(this.#kernel.memory.buffer, address, (inputs + outputs) * stride);
    for (let i = 0; i < inputs; i++) rows.set(layer1.subarray(i * hidden, (i + 1) * hidden), i * stride);
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j < hidden; j++) rows[(inputs + k) * stride + j] = layer2[j * outputs + k];
    }
  }
}

function requireIndices({ index }: LayerMaps, weights: number): void {
  const outside = index.find((weight) => weight >= weights);
  if (outside !== undefined) throw badMaps('defective weight', String(outside), `below ${weights}`);
}

function badMaps(thing: string, value: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_TRAINING_PARAMETER', {
    thing,
    what: 'the sampler of defect maps gave what the batch cannot take',
    value,
    expected,
    remedy: 'Correct the sampler.',
  });
}

/** Records to keep room for: the mean and twelve standard deviations, which no run will ever see exceeded. */
function room(weights: number, rate: number): number {
  const mean = weights * rate;
  return Math.min(weights, Math.ceil(mean + 12 * Math.sqrt(mean) + 64));
}
