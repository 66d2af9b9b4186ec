import { type GaussianFit, gaussianDensity } from '../gaussian-fit.ts';
import { axis, drawFigure, INNER_LABELS } from './figure.ts';
import type { Markup } from './markup.ts';
import { fixed, withUncertainty } from './numbers.ts';
import { STATE_COLOURS } from './palette.ts';

const SIZE = { width: 520, height: 300 };
const CURVE_POINTS = 160;

/** Histogram of one resistance of the healthy cells with the fitted Gaussian. */
export function resistanceHistogram(fit: GaussianFit, state: 'P' | 'AP'): Markup {
  const { start, width, counts } = fit.histogram;
  const kilo = (ohms: number) => ohms / 1000;
  const end = start + counts.length * width;
  const bars = counts.map((count, i) => [kilo(start + i * width), kilo(start + (i + 1) * width), count]);
  const curve = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const x = start + ((end - start) * i) / CURVE_POINTS;
    return [kilo(x), width * gaussianDensity(fit, x)];
  });
  const label =
    `Histogram of R_${state} of ${fit.count} healthy cells with a Gaussian fit: ` +
    `mean ${withUncertainty(kilo(fit.mean), kilo(fit.meanUncertainty))} kΩ, sigma ${fixed(kilo(fit.sigma), 3)} kΩ`;
  return drawFigure(
    {
      grid: { left: 62, right: 14, top: 16, bottom: 46 },
      xAxis: axis(`resistance in the ${state === 'P' ? 'parallel' : 'antiparallel'} state (kΩ)`, {
        min: kilo(start),
        max: kilo(end),
        axisLabel: INNER_LABELS,
      }),
      yAxis: axis(`cells per ${binText(kilo(width))} kΩ`, { nameGap: 44 }),
      series: [
        {
          type: 'custom',
          renderItem: barItem,
          data: bars,
          encode: { x: [0, 1], y: 2 },
          itemStyle: { color: STATE_COLOURS[state], opacity: 0.38 },
        },
        {
          type: 'line',
          data: curve,
          symbol: 'none',
          lineStyle: { color: STATE_COLOURS[state], width: 2 },
        },
      ],
    } as never,
    SIZE,
    label,
  );
}

interface BarApi {
  value(dimension: number): number;
  coord(point: [number, number]): [number, number];
  visual(name: 'color'): string;
}

/** A bar from its left to its right edge: a bar chart would centre bars on categories. */
export function barItem(_: unknown, api: BarApi) {
  const [left, top] = api.coord([api.value(0), api.value(2)]);
  const [right, bottom] = api.coord([api.value(1), 0]);
  const gap = Math.min(1, (right - left) / 8);
  return {
    type: 'rect',
    shape: { x: left + gap / 2, y: top, width: right - left - gap, height: bottom - top },
    style: { fill: api.visual('color'), opacity: 0.38 },
  };
}

function binText(width: number): string {
  return Number(width.toPrecision(3)).toString();
}
