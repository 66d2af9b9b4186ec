import { axis, drawFigure } from './figure.ts';
import { barItem } from './histogram-figure.ts';
import type { Markup } from './markup.ts';
import { STATE_COLOURS } from './palette.ts';

const SIZE = { width: 1060, height: 250 };

/**
 * Switching voltages of the healthy cells, both polarities on one axis. A measured V_sw is a midpoint of two steps of
 * the staircase, so the bins are the steps themselves. `steps` are the rising |V| of the loop.
 */
export function switchingFigure(positive: Float64Array, negative: Float64Array, steps: readonly number[]): Markup {
  const bars = (values: Float64Array, sign: 1 | -1) =>
    stepBins(values, steps).map(({ from, to, count }) => (sign === 1 ? [from, to, count] : [-to, -from, count]));
  const edge = Math.max(...steps);
  const series = (name: string, data: number[][], color: string) => ({
    name,
    type: 'custom',
    renderItem: barItem,
    data,
    encode: { x: [0, 1], y: 2 },
    itemStyle: { color },
  });
  return drawFigure(
    {
      grid: { left: 62, right: 14, top: 14, bottom: 46 },
      xAxis: axis('switching voltage, column − row (V)', { min: -edge, max: edge, interval: 0.1 }),
      yAxis: axis('cells per step', { nameGap: 44 }),
      series: [
        series('V_sw−', bars(negative, -1), STATE_COLOURS.AP),
        series('V_sw+', bars(positive, 1), STATE_COLOURS.P),
      ],
    } as never,
    SIZE,
    `Switching voltages of healthy cells: ${positive.length} positive and ${negative.length} negative`,
  );
}

interface StepBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function stepBins(values: Float64Array, steps: readonly number[]): StepBin[] {
  const counts = new Array<number>(steps.length).fill(0);
  for (const value of values) {
    const at = steps.findIndex((step) => step > Math.abs(value));
    if (at > 0) counts[at] += 1;
  }
  return counts.flatMap((count, i) => (count > 0 ? [{ from: steps[i - 1], to: steps[i], count }] : []));
}
