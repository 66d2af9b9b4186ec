import type { EChartsOption } from 'echarts';
import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { escapeText, Markup } from './markup.ts';
import { integer } from './numbers.ts';
import { FONT, INK, MUTED } from './palette.ts';

use([BarChart, CustomChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

export interface FigureSize {
  readonly width: number;
  readonly height: number;
}

/** Draws a figure on the server as SVG, with a text for readers who cannot see it. */
export function drawFigure(option: EChartsOption, { width, height }: FigureSize, label: string): Markup {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, textStyle: { fontFamily: FONT, color: INK }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  const scalable = svg.replace('<svg ', `<svg class="figure" role="img" aria-label="${escapeText(label)}" `);
  return new Markup(scalable);
}

/** Tick labels as the text prints numbers; rounding hides what binary fractions add. */
function tickText(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return Math.abs(rounded) >= 1000 ? integer(rounded) : String(rounded).replace('-', '−');
}

/** The same without the first and last label: an axis that starts at a bin edge has odd numbers there. */
export const INNER_LABELS = {
  color: INK,
  fontSize: 11,
  showMinLabel: false,
  showMaxLabel: false,
  formatter: tickText,
};

/** An axis in the report's style: a thin line with small ticks at the edge of the figure, no grid. */
export function axis(name: string, more: object = {}): object {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: MUTED, fontSize: 12 },
    axisLine: { show: true, onZero: false, lineStyle: { color: INK, width: 1 } },
    axisTick: { show: true, length: 4, lineStyle: { color: INK } },
    axisLabel: { color: INK, fontSize: 11, formatter: tickText },
    splitLine: { show: false },
    ...more,
  };
}
