import { COLOURS, drawChart, type Picture } from '../../figures/chart.ts';
import type { StudyPoint } from './study-points.ts';

interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly xType: 'value' | 'log';
  readonly yType: 'value' | 'log';
}

const PITCH = 'line resistance per cell (Ω)';
const JUNCTIONS = 'junctions of the first layer';
const LOG = { xType: 'log', yType: 'log' } as const;

const AXES: Readonly<Record<string, Axes>> = {
  mnist: axes('In-situ training on MNIST 10 × 10, network 100-90-10', 'epoch', 'test accuracy (%)'),
  tables: axes('Small tables: gap to the real-valued network', 'junction pairs per weight', 'gap (points)'),
  variation: axes('Accuracy against the spread of V_c0, n = 5', 'σ(V_c0) (%)', 'test accuracy (%)'),
  mapping: axes('In situ against software-binary weights mapped once', 'σ of V_c0 and of R (%)', 'test accuracy (%)'),
  disturb: {
    ...axes(
      'Without transistors: accuracy against half-select disturb',
      'junctions disturbed per half-selected exposure',
      'test accuracy (%)',
    ),
    xType: 'log',
  },
  'line-resistance': {
    ...axes('Arrays read through their lines, MNIST, n = 1', PITCH, 'test accuracy (%)'),
    xType: 'log',
  },
  'sneak-paths-choice': {
    ...axes('Passive arrays, n = 1: inner validation parts', PITCH, 'validation accuracy (%)'),
    xType: 'log',
  },
  'sneak-paths': { ...axes('Passive arrays read through their lines, n = 1', PITCH, 'accuracy (%)'), xType: 'log' },
  defects: axes('Accuracy against defects', 'junctions (%)', 'test accuracy (%)'),
  size: {
    ...axes('Steps until an accuracy is reached, n = 5', JUNCTIONS, 'voltage settings one after another'),
    ...LOG,
  },
  'size-pulses': { ...axes('Pulses until an accuracy is reached, n = 5', JUNCTIONS, 'pulses per junction'), ...LOG },
  'size-accuracy': {
    ...axes('Accuracy against array size, n = 5', JUNCTIONS, 'test accuracy (%)'),
    xType: 'log',
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

/** Means over seeds or repetitions as lines, 95 % intervals as bars. `study`: a study, or one of its further pictures. */
export function drawStudy(study: string, points: readonly StudyPoint[], subtitle: string): Picture {
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
        left: 645,
        data: series.map(([name]) => name),
        itemWidth: 30,
        itemHeight: 8,
        textStyle: { fontSize: 11, color: COLOURS.ink },
      },
      grid: { left: 75, right: 375, top: 80, bottom: 60 },
      xAxis: {
        ...axis,
        ...labels(xType),
        type: xType,
        name: x,
        nameLocation: 'middle',
        nameGap: 32,
        scale: xType === 'value',
      },
      yAxis: { ...axis, ...labels(yType), type: yType, name: y, nameLocation: 'middle', nameGap: 50, scale: true },
      series: series.flatMap(([name, own]) => {
        const { colour, dash } = styleOf(
          name,
          series.map(([each]) => each),
        );
        const sorted = own.toSorted((a, b) => a.x - b.x);
        return [meanLine(name, sorted, colour, dash), intervalBars(sorted, colour)];
      }),
    },
    1000,
    480,
  );
}

/** Powers of ten beyond three digits are written as such. */
function labels(type: 'value' | 'log'): object {
  if (type === 'value') return {};
  const formatter = (value: number) => {
    const exponent = Math.round(Math.log10(value));
    if (Math.abs(exponent) < 4) return String(value);
    return `10${[...String(exponent)].map((digit) => SUPERSCRIPTS[digit]).join('')}`;
  };
  return { axisLabel: { formatter } };
}

const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'-0123456789'].map((digit, i) => [digit, [...'⁻⁰¹²³⁴⁵⁶⁷⁸⁹'][i]]),
);

/** Names of the form "what: how" get a colour for how and a dash for what; others a colour each. */
function styleOf(name: string, names: readonly string[]): { colour: string; dash: string } {
  const parts = names.map((each) => each.split(': '));
  if (parts.some(({ length }) => length !== 2))
    return { colour: PALETTE[names.indexOf(name) % PALETTE.length], dash: 'solid' };
  const [what, how] = name.split(': ');
  const place = (part: 0 | 1, own: string) => [...new Set(parts.map((each) => each[part]))].indexOf(own);
  return { colour: PALETTE[place(1, how) % PALETTE.length], dash: DASHES[place(0, what) % DASHES.length] };
}

const DASHES = ['solid', 'dashed', 'dotted'];

function meanLine(name: string, points: readonly StudyPoint[], colour: string, dash: string): object {
  return {
    name,
    type: 'line',
    data: points.map(({ x, mean }) => [x, mean]),
    symbol: 'circle',
    symbolSize: 6,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2, type: dash },
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
