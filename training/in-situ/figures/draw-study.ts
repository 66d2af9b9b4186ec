import { COLOURS, drawChart, type Picture } from '../../figures/chart.ts';
import type { StudyName } from '../studies.ts';
import { SIZE_TARGET, type StudyPoint } from './study-points.ts';

interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly xType: 'value' | 'log';
  readonly yType: 'value' | 'log';
}

const AXES: Readonly<Record<StudyName, Axes>> = {
  mnist: axes('In-situ training on MNIST 10 × 10, network 100-90-10', 'epoch', 'test accuracy (%)'),
  tables: axes('Small tables: gap to the real-valued network', 'junction pairs per weight', 'gap (points)'),
  variation: axes('Accuracy against the spread of V_c0, n = 5', 'σ(V_c0) (%)', 'test accuracy (%)'),
  mapping: axes('In situ against software-binary weights mapped once', 'σ of V_c0 and of R (%)', 'test accuracy (%)'),
  disturb: axes('Without transistors: accuracy against thermal stability', 'Δ', 'test accuracy (%)'),
  'sneak-paths': axes('Passive arrays read through their lines, n = 1', 'line resistance per cell (Ω)', 'accuracy (%)'),
  defects: axes('Accuracy against junctions that never switch', 'stuck junctions (%)', 'test accuracy (%)'),
  size: {
    ...axes(
      `Steps until ${SIZE_TARGET} % test accuracy`,
      'junctions of the first layer',
      'voltage settings one after another',
    ),
    xType: 'log',
    yType: 'log',
  },
};

function axes(title: string, x: string, y: string): Axes {
  return { title, x, y, xType: 'value', yType: 'value' };
}

const PALETTE = [
  COLOURS.die,
  COLOURS.outlier,
  COLOURS.best,
  COLOURS.second,
  COLOURS.ink,
  COLOURS.baseline,
  '#e69f00',
  '#56b4e9',
];

/** Means over seeds or repetitions as lines, 95 % intervals as bars. */
export function drawStudy(study: StudyName, points: readonly StudyPoint[], subtitle: string): Picture {
  const { title, x, y, xType, yType } = AXES[study];
  const series = [...Map.groupBy(points, (point) => point.series).entries()];
  const axis = { axisLine: { lineStyle: { color: COLOURS.ink } }, splitLine: { lineStyle: { color: COLOURS.grid } } };
  return drawChart(
    {
      title: {
        text: title,
        subtext: subtitle,
        left: 60,
        top: 10,
        textStyle: { fontSize: 16, color: COLOURS.ink },
        subtextStyle: { fontSize: 11, color: COLOURS.faint, lineHeight: 15 },
      },
      legend: {
        orient: 'vertical',
        top: 80,
        left: 650,
        data: series.map(([name]) => name),
        itemWidth: 22,
        itemHeight: 3,
        icon: 'rect',
        textStyle: { fontSize: 11, color: COLOURS.ink },
      },
      grid: { left: 75, right: 270, top: 80, bottom: 60 },
      xAxis: { ...axis, type: xType, name: x, nameLocation: 'middle', nameGap: 32, scale: xType === 'value' },
      yAxis: { ...axis, type: yType, name: y, nameLocation: 'middle', nameGap: 50, scale: true },
      series: series.flatMap(([name, own], i) => {
        const colour = PALETTE[i % PALETTE.length];
        const sorted = own.toSorted((a, b) => a.x - b.x);
        return [meanLine(name, sorted, colour), intervalBars(sorted, colour)];
      }),
    },
    900,
    480,
  );
}

function meanLine(name: string, points: readonly StudyPoint[], colour: string): object {
  return {
    name,
    type: 'line',
    data: points.map(({ x, mean }) => [x, mean]),
    symbol: 'circle',
    symbolSize: 6,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2 },
  };
}

interface DrawingArea {
  value(dimension: number): number;
  coord(point: readonly [number, number]): readonly [number, number];
}

function intervalBars(points: readonly StudyPoint[], colour: string): object {
  return {
    type: 'custom',
    data: points.map(({ x, low, high }) => [x, low, high]),
    encode: { x: 0, y: [1, 2] },
    renderItem: (_: unknown, area: DrawingArea) => {
      const [px, from] = area.coord([area.value(0), area.value(1)]);
      const [, to] = area.coord([area.value(0), area.value(2)]);
      return { type: 'line', shape: { x1: px, y1: from, x2: px, y2: to }, style: { stroke: colour, lineWidth: 1.2 } };
    },
  };
}
