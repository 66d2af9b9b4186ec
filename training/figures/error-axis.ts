import { COLOURS } from './chart.ts';

/** Errors in percent that a logarithmic axis is ruled at: few enough to read, close enough to compare. */
const RULES = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 4, 5, 7, 10, 20, 30, 50, 70, 100];

export interface AxisLimits {
  readonly min: number;
  readonly max: number;
}

/** From the rule below the smallest error, but at most 3 %, to 100 %: figures of one campaign share an axis. */
export function errorAxisLimits(errors: readonly number[]): AxisLimits {
  const smallest = Math.min(3, ...errors.filter((error) => error > 0));
  return { min: RULES.findLast((rule) => rule <= smallest) ?? RULES[0], max: 100 };
}

/** The axis' own ticks fall on decades only, so its lines and numbers are drawn as marks of an empty series. */
export function ruledLines({ min, max }: AxisLimits) {
  return {
    type: 'line',
    data: [],
    silent: true,
    markLine: {
      z: 0,
      symbol: 'none',
      silent: true,
      lineStyle: { color: COLOURS.grid, type: 'solid', width: 1 },
      label: { position: 'start', color: COLOURS.ink, fontSize: 11, formatter: '{c}', distance: 6 },
      data: RULES.filter((rule) => rule >= min && rule <= max).map((yAxis) => ({ yAxis })),
    },
  };
}
