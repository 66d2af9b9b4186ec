import type { LineKind } from '../../capabilities.ts';
import { addressedUniform, DrawPurpose } from './counter-random.ts';
import type { StationOptions } from './station-options.ts';

/** Needles of a card do not lie in one plane: each touches only from its own overdrive on, up to 25 µm. */
const PLANARITY_MICROMETRES = 25;

export class Needles {
  readonly #seed: number;

  constructor({ seed }: StationOptions) {
    this.#seed = seed;
  }

  touches(kind: LineKind, index: number, overdriveMicrometres: number): boolean {
    const needed =
      PLANARITY_MICROMETRES * addressedUniform(DrawPurpose.needle, this.#seed, kind === 'row' ? 0 : 1, index);
    return overdriveMicrometres >= needed;
  }
}
