import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import { type EChartsCoreOption, init } from 'echarts';

/** A picture in both forms. */
export interface Picture {
  readonly svg: string;
  readonly png: Uint8Array;
}

export const FONT_FAMILY = 'DejaVu Sans, Verdana, sans-serif';

/** Colours that survive print and colour blindness (Okabe and Ito), and greys. */
export const COLOURS = {
  ink: '#1b1b1b',
  faint: '#8a8a8a',
  grid: '#e4e4e4',
  baseline: '#6b6b6b',
  die: '#0072b2',
  outlier: '#d55e00',
  best: '#009e73',
  worst: '#d55e00',
  second: '#cc79a7',
} as const;

/** Pixels of the PNG a unit of the SVG. */
const PNG_SCALE = 2;

/** Draws a chart on the server: no browser, no network, the same bytes for the same option. */
export function drawChart(option: EChartsCoreOption, width: number, height: number): Picture {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: FONT_FAMILY },
      ...option,
    });
    const svg = chart.renderToSVGString();
    return { svg, png: toPng(svg, width) };
  } finally {
    chart.dispose();
  }
}

function toPng(svg: string, width: number): Uint8Array {
  const require = createRequire(import.meta.url);
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
  );
  const resvg = new Resvg(svg, {
    fitTo: { mode: 'width', value: width * PNG_SCALE },
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' },
  });
  return resvg.render().asPng();
}
