import { quantileSorted } from 'd3-array';

/** Counts in equal bins; bin i covers [start + i·width, start + (i + 1)·width). */
export interface Histogram {
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
}

/**
 * A histogram from `low` to `high` with a width near the one asked, rounded to 1, 2 or 5 times a power of ten, edges on
 * multiples of the width. Values outside are not counted.
 */
export function histogramOf(values: ArrayLike<number>, low: number, high: number, widthWanted: number): Histogram {
  const width = roundWidth(widthWanted);
  const start = Math.floor(low / width) * width;
  const counts = new Array<number>(Math.max(1, Math.ceil((high - start) / width - 1e-9))).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] - start) / width);
    if (bin >= 0 && bin < counts.length) counts[bin] += 1;
  }
  return { start, width, counts };
}

/** Median and a standard deviation from the quartiles (interquartile range / 1.349): neither feels the tails. */
export function robustSpread(sorted: Float64Array): { median: number; sigma: number } {
  // The typings of d3-array know no typed arrays; the function does.
  const values = sorted as unknown as number[];
  const at = (p: number) => quantileSorted(values, p) ?? 0;
  return { median: at(0.5), sigma: (at(0.75) - at(0.25)) / 1.349 };
}

function roundWidth(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const fraction = width / power;
  return (fraction < 1.5 ? 1 : fraction < 3.5 ? 2 : fraction < 7.5 ? 5 : 10) * power;
}
