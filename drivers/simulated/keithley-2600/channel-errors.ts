import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** How far a channel may be off; every range of every channel draws its own error from the seed. */
export interface ErrorSizes {
  /** Largest relative gain error. */
  readonly gain: number;
  /** Largest voltage offset, volts, on the 1 V range; other ranges in proportion. */
  readonly offsetVolts: number;
  /** Largest current offset as a fraction of the range. */
  readonly offsetOfRange: number;
  /** Reading noise (standard deviation) at 1 NPLC as a fraction of the range; grows with 1/√NPLC. */
  readonly noiseOfRange: number;
}

export const DEFAULT_ERROR_SIZES: ErrorSizes = {
  gain: 1e-4,
  offsetVolts: 1e-5,
  offsetOfRange: 1e-5,
  noiseOfRange: 2e-6,
};

type Quantity = 'source' | 'volts' | 'amps';

interface RangeError {
  readonly range: number;
  readonly gain: number;
  readonly offset: number;
}

/** Gain, offset, noise and quantisation of one channel, reproducible from its seed. */
export class ChannelErrors {
  private readonly sizes: ErrorSizes;
  private readonly seed: number;
  private readonly errors = new Map<string, RangeError>();
  private readonly generator;
  private spare: number | null = null;
  /** The error used last: ranges change rarely. */
  private readonly last: Record<Quantity, RangeError | null> = { source: null, volts: null, amps: null };

  constructor(seed: number, sizes: ErrorSizes) {
    this.seed = seed;
    this.sizes = sizes;
    this.generator = xoroshiro128plus(seed);
  }

  /** What the output really is when `volts` is programmed. */
  sourcedVolts(volts: number, range: number): number {
    const { gain, offset } = this.of('source', range);
    const step = range * 5e-5;
    return Math.round(volts / step) * step * (1 + gain) + offset;
  }

  measuredVolts(volts: number, range: number, nplc: number): number {
    return this.reading(volts, this.of('volts', range), range, nplc);
  }

  measuredAmps(amps: number, range: number, nplc: number): number {
    return this.reading(amps, this.of('amps', range), range, nplc);
  }

  private reading(value: number, { gain, offset }: RangeError, range: number, nplc: number): number {
    const noise = (this.sizes.noiseOfRange * range * this.normal()) / Math.sqrt(nplc);
    // Short integrations resolve fewer digits: 6½ at 1 NPLC, 4½ at 0.001.
    const step = range * (nplc >= 1 ? 1e-6 : nplc >= 0.01 ? 5e-6 : 5e-5);
    return Math.round((value * (1 + gain) + offset + noise) / step) * step;
  }

  private of(what: Quantity, range: number): RangeError {
    const { errors } = this;
    const last = this.last[what];
    if (last !== null && last.range === range) return last;
    const key = `${what} ${range}`;
    let error = errors.get(key);
    if (error === undefined) {
      error = this.draw(what, range);
      errors.set(key, error);
    }
    this.last[what] = error;
    return error;
  }

  private draw(what: Quantity, range: number): RangeError {
    const kind = { source: 1, volts: 2, amps: 3 }[what];
    const own = xoroshiro128plus((this.seed * 31 + kind * 7919 + Math.round(Math.log10(range) * 1000)) | 0);
    for (let i = 0; i < 8; i++) own.next();
    const gain = (2 * uniformFloat64(own) - 1) * this.sizes.gain;
    const size = what === 'amps' ? this.sizes.offsetOfRange * range : this.sizes.offsetVolts * range;
    return { range, gain, offset: (2 * uniformFloat64(own) - 1) * size };
  }

  /** Standard normal deviate, Marsaglia's polar method. */
  private normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const u = this.generator.next() / 0x80000000;
      const v = this.generator.next() / 0x80000000;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.spare = v * factor;
      return u * factor;
    }
  }
}
