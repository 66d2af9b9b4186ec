import { cellCount } from '../../wafer/geometry.ts';
import { checkMapping } from '../mapping/check-mapping.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { layer1Cells, layer2Cells, type WeightCells } from '../mapping/weight-cells.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { RandomStream } from '../random-stream.ts';
import { streamFrom } from '../seeded-stream.ts';
import type { DefectMapBatch, MapSampler, SamplerSpec } from '../trainer/map-sampler.ts';
import { drawMap } from './draw-map.ts';
import type { ConductancePair, Population } from './population.ts';

export interface PopulationSamplerOptions {
  readonly population: Population;
  readonly mapping: Mapping;
  readonly shape: NetworkShape;
  /** Multiplies the number of defects drawn; 1 draws as many as the dies have. */
  readonly rateScale: number;
}

/** The sampler as it travels to the workers of a training. */
export function populationSamplerSpec(options: PopulationSamplerOptions): SamplerSpec {
  return { module: new URL(import.meta.url).href, create: 'createPopulationSampler', options };
}

/** Draws whole-die defect maps from a population and hands over the defective weights. */
export function createPopulationSampler(options: PopulationSamplerOptions): MapSampler {
  const { population, mapping, shape, rateScale } = options;
  checkMapping(mapping, shape, population.geometry);
  const place = new CellPlacement(options);
  return {
    fill(batch: DefectMapBatch, maps: number, random: RandomStream): void {
      const stream = streamFrom(() => random.uniform());
      for (let map = 0; map < maps; map++) {
        place.begin();
        drawMap(population, rateScale, stream, place.put);
        place.end(batch);
      }
    },
  };
}

/** Gathers the defective cells of one map and turns them into defective weights, each named once. */
class CellPlacement {
  /** Per cell: 1 + the weight it belongs to, layer 2 after layer 1; 0 for a cell that carries none. */
  readonly #weightOfCell: Int32Array;
  readonly #cells: readonly [WeightCells, WeightCells];
  readonly #layer1Weights: number;
  readonly #unit: number;
  readonly #healthy: ConductancePair;
  /** Value of a cell in the map being drawn; valid where the stamp is the map's number. */
  readonly #value: ConductancePair[];
  readonly #stamp: Int32Array;
  readonly #weightStamp: Int32Array;
  readonly #drawn: number[] = [];
  #map = 0;

  constructor({ population, mapping, shape }: PopulationSamplerOptions) {
    const cells = cellCount(population.geometry);
    const layers = [layer1Cells(mapping, shape, population.geometry), layer2Cells(mapping, shape, population.geometry)];
    this.#cells = [layers[0], layers[1]];
    this.#layer1Weights = layers[0].plus.length;
    this.#weightOfCell = new Int32Array(cells);
    for (let weight = 0; weight < layers[0].plus.length; weight++) this.#claim(layers[0], weight, weight);
    for (let weight = 0; weight < layers[1].plus.length; weight++) {
      this.#claim(layers[1], weight, this.#layer1Weights + weight);
    }
    this.#unit = population.meanP - population.meanAp;
    this.#healthy = [population.meanP, population.meanAp];
    this.#value = new Array(cells);
    this.#stamp = new Int32Array(cells);
    this.#weightStamp = new Int32Array(this.#layer1Weights + layers[1].plus.length);
  }

  #claim({ plus, minus }: WeightCells, weight: number, number: number): void {
    this.#weightOfCell[plus[weight]] = number + 1;
    this.#weightOfCell[minus[weight]] = number + 1;
  }

  begin(): void {
    this.#map += 1;
    this.#drawn.length = 0;
  }

  readonly put = (cell: number, value: ConductancePair): void => {
    if (this.#stamp[cell] === this.#map) return;
    this.#stamp[cell] = this.#map;
    this.#value[cell] = value;
    this.#drawn.push(cell);
  };

  end(batch: DefectMapBatch): void {
    for (const cell of this.#drawn) {
      const number = this.#weightOfCell[cell] - 1;
      if (number < 0 || this.#weightStamp[number] === this.#map) continue;
      this.#weightStamp[number] = this.#map;
      if (number < this.#layer1Weights) {
        const { plus, minus } = this.#worth(this.#cells[0], number);
        batch.addLayer1(number, plus, minus);
      } else {
        const weight = number - this.#layer1Weights;
        const { plus, minus } = this.#worth(this.#cells[1], weight);
        batch.addLayer2(weight, plus, minus);
      }
    }
    batch.endMap();
  }

  #worth({ plus, minus }: WeightCells, weight: number): { plus: number; minus: number } {
    const [plusP, plusAp] = this.#valueOf(plus[weight]);
    const [minusP, minusAp] = this.#valueOf(minus[weight]);
    return { plus: (plusP - minusAp) / this.#unit, minus: (plusAp - minusP) / this.#unit };
  }

  #valueOf(cell: number): ConductancePair {
    return this.#stamp[cell] === this.#map ? this.#value[cell] : this.#healthy;
  }
}
