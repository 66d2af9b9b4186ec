import { COLOURS, drawChart, type Picture } from './chart.ts';
import { errorAxisLimits, ruledLines } from './error-axis.ts';
import type { Figure3b, SweptDie } from './figure-3b.ts';

const WIDTH = 900;
const HEIGHT = 860;

/** Above: every die's mean error against W_sat, mean over dies, best and worst die. Below: Δ, then 1/α. */
export function drawFigure3b(figure: Figure3b, subtitle: string): Picture {
  const { points } = figure;
  const at = (pick: (point: Figure3b['points'][number]) => number) => points.map((point) => [point.wSat, pick(point)]);
  const limits = errorAxisLimits([figure.baseline, ...figure.dies.flatMap(({ errors }) => errors)]);
  const title = {
    text: figure.title,
    subtext: subtitle,
    left: 60,
    top: 10,
    textStyle: { fontSize: 16, color: COLOURS.ink },
    subtextStyle: { fontSize: 11, color: COLOURS.faint, lineHeight: 15 },
  };
  const meanOverDies = {
    ...curve(
      'mean of all dies',
      at((point) => point.all.mean),
      COLOURS.ink,
      0,
    ),
    lineStyle: { color: COLOURS.ink, width: 2.5 },
  };
  return drawChart(
    {
      title,
      legend: {
        top: 92,
        right: 40,
        data: ['best die', 'worst die', 'mean of all dies', 'mean without outliers', 'software baseline'],
        // The server estimates widths narrower than the font is.
        itemGap: 34,
        itemWidth: 22,
        itemHeight: 3,
        icon: 'rect',
        textStyle: { fontSize: 11, color: COLOURS.ink },
      },
      grid: [
        { left: 75, right: 40, top: 120, height: 330 },
        { left: 75, right: 40, top: 500, height: 120 },
        { left: 75, right: 40, top: 665, height: 120 },
      ],
      xAxis: [xAxis(0, '', points), xAxis(1, '', points), xAxis(2, 'W_sat of training', points)],
      yAxis: [
        {
          ...yAxis(0, 'test error (%)'),
          type: 'log',
          ...limits,
          axisLabel: { show: false },
          splitLine: { show: false },
        },
        yAxis(1, 'Δ (points)'),
        { ...yAxis(2, '1/α = mean/σ'), min: 0 },
      ],
      series: [
        ruledLines(limits),
        ...figure.dies.map((die) => dieCurve(die, figure)),
        meanOverDies,
        {
          ...curve(
            'mean without outliers',
            at((point) => point.mean),
            COLOURS.die,
            0,
          ),
          symbol: 'circle',
          symbolSize: 6,
        },
        {
          ...curve(
            'software baseline',
            points.map(({ wSat }) => [wSat, figure.baseline]),
            COLOURS.baseline,
            0,
          ),
          lineStyle: { color: COLOURS.baseline, type: 'dashed', width: 1.5 },
        },
        ...withBars(
          points.map(({ wSat, delta, sigma }) => [wSat, delta, sigma]),
          COLOURS.die,
          1,
        ),
        ...withBars(
          points.map(({ wSat, inverseAlpha, inverseAlphaError }) => [wSat, inverseAlpha, inverseAlphaError]),
          COLOURS.second,
          2,
        ),
      ],
    },
    WIDTH,
    HEIGHT,
  );
}

function xAxis(gridIndex: number, name: string, points: Figure3b['points']) {
  return {
    gridIndex,
    type: 'value',
    min: -1,
    max: Math.max(...points.map(({ wSat }) => wSat)) + 1,
    interval: 1,
    name,
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: COLOURS.ink },
    axisLabel: { color: COLOURS.ink, formatter: (wSat: number) => (wSat >= 0 && wSat % 5 === 0 ? String(wSat) : '') },
    axisTick: { show: false },
    axisLine: { onZero: false, lineStyle: { color: COLOURS.faint } },
    splitLine: { show: false },
  };
}

function yAxis(gridIndex: number, name: string) {
  return {
    gridIndex,
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 46,
    nameTextStyle: { color: COLOURS.ink },
    axisLabel: { color: COLOURS.ink },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: COLOURS.grid } },
    splitNumber: 3,
  };
}

function curve(name: string, data: readonly (readonly number[])[], colour: string, index: number) {
  return {
    name,
    type: 'line',
    xAxisIndex: index,
    yAxisIndex: index,
    data,
    symbol: 'none',
    color: colour,
    lineStyle: { color: colour, width: 1.8 },
    z: 5,
  };
}

function dieCurve(die: SweptDie, { points, bestDie, worstDie }: Figure3b) {
  const data = die.errors.map((error, i) => [points[i].wSat, error]);
  if (die.ordinal === bestDie) return curve('best die', data, COLOURS.best, 0);
  if (die.ordinal === worstDie) return curve('worst die', data, COLOURS.worst, 0);
  const line = curve(`die ${die.ordinal}`, data, '#bdbdbd', 0);
  return { ...line, z: 2, lineStyle: { color: '#bdbdbd', width: 0.8, type: die.outlier ? 'dotted' : 'solid' } };
}

/** Points with bars of ± the third number. */
function withBars(data: readonly (readonly number[])[], colour: string, index: number) {
  const bars = {
    type: 'custom',
    xAxisIndex: index,
    yAxisIndex: index,
    data: data.map(([x, y, half]) => [x, y - half, y + half]),
    encode: { x: 0, y: [1, 2] },
    renderItem: (_: unknown, api: { value(i: number): number; coord(at: number[]): number[] }) => {
      const [x, low] = api.coord([api.value(0), api.value(1)]);
      const [, high] = api.coord([api.value(0), api.value(2)]);
      const stroke = (x1: number, y1: number, x2: number, y2: number) => ({
        type: 'line',
        shape: { x1, y1, x2, y2 },
        style: { stroke: colour, lineWidth: 1.2 },
      });
      return {
        type: 'group',
        children: [stroke(x, low, x, high), stroke(x - 4, low, x + 4, low), stroke(x - 4, high, x + 4, high)],
      };
    },
  };
  const line = curve(
    '',
    data.map(([x, y]) => [x, y]),
    colour,
    index,
  );
  return [bars, { ...line, symbol: 'circle', symbolSize: 6 }];
}
