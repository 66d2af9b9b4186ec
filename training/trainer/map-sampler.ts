import type { RandomStream } from '../random-stream.ts';

/** Draws the defect maps of one batch; each image of the batch gets a map of its own. */
export interface MapSampler {
  /**
   * Writes `maps` defect maps into `batch`, which arrives empty. All randomness comes from `random`, so that the maps
   * of a solution depend on its seed alone.
   */
  fill(batch: DefectMapBatch, maps: number, random: RandomStream): void;
}

/**
 * A sampler as it travels to a worker: `module` (a file URL) exports a function named `create` that makes the sampler
 * from `options`, which must survive a structured clone.
 */
export interface SamplerSpec {
  readonly module: string;
  readonly create: string;
  readonly options: unknown;
}

/** Defective weights of one layer for a batch: those of map m are start[m] … start[m + 1] − 1. */
export interface LayerMaps {
  readonly start: Uint32Array;
  readonly index: Uint32Array;
  readonly plus: Float32Array;
  readonly minus: Float32Array;
}

/** Lists of defective weights per map, in the terms of LayerCorrection. Grows as needed and is used again. */
export class DefectMapBatch {
  readonly #layers = [new GrowingList(), new GrowingList()] as const;

  clear(): void {
    for (const layer of this.#layers) layer.clear();
  }

  /** Adds a defective weight of layer 1 to the map being written. A weight must be added at most once per map. */
  addLayer1(index: number, plus: number, minus: number): void {
    this.#layers[0].add(index, plus, minus);
  }

  addLayer2(index: number, plus: number, minus: number): void {
    this.#layers[1].add(index, plus, minus);
  }

  /** Closes the map being written. */
  endMap(): void {
    for (const layer of this.#layers) layer.close();
  }

  /** Maps closed so far. */
  get maps(): number {
    return this.#layers[0].maps;
  }

  /** Views, valid until the next add or clear. */
  get layer1(): LayerMaps {
    return this.#layers[0].view();
  }

  get layer2(): LayerMaps {
    return this.#layers[1].view();
  }
}

class GrowingList {
  #start = new Uint32Array(128);
  #index = new Uint32Array(1024);
  #plus = new Float32Array(1024);
  #minus = new Float32Array(1024);
  #length = 0;
  maps = 0;

  clear(): void {
    this.#length = 0;
    this.maps = 0;
  }

  add(index: number, plus: number, minus: number): void {
    if (this.#length === this.#index.length) {
      this.#index = grown(this.#index, new Uint32Array(2 * this.#length));
      this.#plus = grown(this.#plus, new Float32Array(2 * this.#length));
      this.#minus = grown(this.#minus, new Float32Array(2 * this.#length));
    }
    this.#index[this.#length] = index;
    this.#plus[this.#length] = plus;
    this.#minus[this.#length] = minus;
    this.#length++;
  }

  close(): void {
    this.maps++;
    if (this.maps === this.#start.length) this.#start = grown(this.#start, new Uint32Array(2 * this.maps));
    this.#start[this.maps] = this.#length;
  }

  view(): LayerMaps {
    return {
      start: this.#start.subarray(0, this.maps + 1),
      index: this.#index.subarray(0, this.#length),
      plus: this.#plus.subarray(0, this.#length),
      minus: this.#minus.subarray(0, this.#length),
    };
  }
}

function grown<T extends Uint32Array | Float32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
