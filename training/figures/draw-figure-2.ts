import { COLOURS, drawChart, type Picture } from './chart.ts';
import { errorAxisLimits, ruledLines } from './error-axis.ts';
import type { Figure2 } from './figure-2.ts';
import type { BoxStatistics } from './order-statistics.ts';

const WIDTH = 1160;
const HEIGHT = 560;

/** The box plot: software baseline, then each die in order; errors on a logarithmic axis, the same for 2c, 2d and 2e. */
export function drawFigure2(figure: Figure2, subtitle: string): Picture {
  const { baseline, dies } = figure;
  const categories = ['soft-\nware', ...dies.map(({ ordinal, badCells }) => `${ordinal}\n${badCells}`)];
  const boxes = [
    boxItem(baseline, COLOURS.baseline),
    ...dies.map(({ box, outlier }) => boxItem(box, outlier ? COLOURS.outlier : COLOURS.die)),
  ];
  const limits = errorAxisLimits([baseline, ...dies.map(({ box }) => box)].map(({ p5 }) => p5));
  const means = [baseline, ...dies.map(({ box }) => box)].map((box, i) => [i, round(box.mean)]);
  return drawChart(
    {
      title: {
        text: figure.title,
        subtext: subtitle,
        left: 60,
        top: 10,
        textStyle: { fontSize: 16, color: COLOURS.ink },
        subtextStyle: { fontSize: 11, color: COLOURS.faint, lineHeight: 15 },
      },
      legend: { show: false },
      grid: { left: 70, right: 30, top: 100, bottom: 80 },
      xAxis: {
        type: 'category',
        data: categories,
        name: 'die, and its number of bad cells',
        nameLocation: 'middle',
        nameGap: 46,
        nameTextStyle: { color: COLOURS.ink },
        axisLabel: { interval: 0, fontSize: 9.5, color: COLOURS.ink, lineHeight: 13 },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: COLOURS.faint } },
      },
      yAxis: {
        type: 'log',
        ...limits,
        name: 'test error (%)',
        nameLocation: 'middle',
        nameGap: 42,
        nameTextStyle: { color: COLOURS.ink },
        axisLabel: { show: false },
        axisTick: { show: false },
        splitLine: { show: false },
      },
      series: [
        ruledLines(limits),
        { type: 'boxplot', data: boxes, boxWidth: [5, 15], itemStyle: { borderWidth: 1.2 } },
        { type: 'scatter', data: means, symbol: 'diamond', symbolSize: 6, itemStyle: { color: COLOURS.ink } },
        baselineLine(baseline),
      ],
    },
    WIDTH,
    HEIGHT,
  );
}

function baselineLine({ median }: BoxStatistics) {
  return {
    type: 'line',
    data: [],
    markLine: {
      symbol: 'none',
      silent: true,
      lineStyle: { color: COLOURS.baseline, type: 'dashed', width: 1 },
      label: { show: false },
      data: [{ yAxis: median }],
    },
  };
}

function boxItem({ p5, q1, median, q3, p95 }: BoxStatistics, colour: string) {
  return {
    value: [p5, q1, median, q3, p95].map(round),
    itemStyle: { color: `${colour}33`, borderColor: colour },
  };
}

function round(percent: number): number {
  return Number(percent.toFixed(4));
}
