/** The numbers a box plot shows, and the mean beside them. */
export interface BoxStatistics {
  readonly count: number;
  readonly p5: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly p95: number;
  readonly mean: number;
}

/** Box 25–75 %, whiskers 5–95 %, line at the median, as Borders et al. draw figure 2. */
export function boxStatistics(values: readonly number[]): BoxStatistics {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number) => sortedQuantile(sorted, fraction);
  return {
    count: values.length,
    p5: at(0.05),
    q1: at(0.25),
    median: at(0.5),
    q3: at(0.75),
    p95: at(0.95),
    mean: mean(values),
  };
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan, type 7). */
export function quantile(values: readonly number[], fraction: number): number {
  return sortedQuantile(
    [...values].sort((a, b) => a - b),
    fraction,
  );
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of the population the values are a sample of (n − 1); 0 for a single value. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

function sortedQuantile(sorted: readonly number[], fraction: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
