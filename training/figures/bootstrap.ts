import type { SeededStream } from '../seeded-stream.ts';
import { quantile } from './order-statistics.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % interval of a statistic by resampling with replacement (Efron 1979, percentile method). The units are dies:
 * solutions share a die, so they are no independent sample of what a new die will do.
 */
export function bootstrapInterval(
  values: readonly number[],
  statistic: (sample: readonly number[]) => number,
  stream: SeededStream,
  resamples = 2000,
): Interval {
  const results = Array.from({ length: resamples }, () =>
    statistic(values.map(() => values[stream.below(values.length)])),
  );
  return { low: quantile(results, 0.025), high: quantile(results, 0.975) };
}
