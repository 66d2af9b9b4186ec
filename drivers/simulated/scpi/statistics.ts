export const STATISTICS = ['MEAN', 'SDEViation', 'MAXimum', 'MINimum', 'PKPK'] as const;
export type Statistic = (typeof STATISTICS)[number];

/** A statistic of buffered readings; the standard deviation of a sample, 0 of a single reading. */
export function statisticOf(statistic: Statistic, values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  switch (statistic) {
    case 'MEAN':
      return mean;
    case 'MAXimum':
      return Math.max(...values);
    case 'MINimum':
      return Math.min(...values);
    case 'PKPK':
      return Math.max(...values) - Math.min(...values);
    case 'SDEViation': {
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
    }
  }
}
