import { dieLabel } from '../../wafer/die.ts';
import type { GaussianFit } from '../gaussian-fit.ts';
import type { MeasuredDie } from '../wafer-statistics.ts';
import { axis, drawFigure } from './figure.ts';
import type { Markup } from './markup.ts';
import { STATE_COLOURS } from './palette.ts';

const SIZE = { width: 1060, height: 330 };
const CURVE_POINTS = 80;
const REACH = 4;

/** The fitted Gaussians of all dies on one axis, R_P and R_AP, each with unit area, so that dies compare. */
export function gaussiansFigure(dies: readonly MeasuredDie[]): Markup {
  const series = dies.flatMap(({ die, statistics }) => [
    ...curve(statistics.rP, 'P', dieLabel(die)),
    ...curve(statistics.rAp, 'AP', dieLabel(die)),
  ]);
  return drawFigure(
    {
      grid: { left: 62, right: 14, top: 14, bottom: 46 },
      xAxis: axis('resistance (kΩ)', { scale: true }),
      yAxis: axis('density (1/kΩ)', { nameGap: 44 }),
      series,
    } as never,
    SIZE,
    `Fitted Gaussians of R_P and R_AP of ${dies.length} dies`,
  );
}

function curve(fit: GaussianFit | null, state: 'P' | 'AP', name: string): object[] {
  if (fit === null) return [];
  const [mean, sigma] = [fit.mean / 1000, fit.sigma / 1000];
  const data = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const z = REACH * ((2 * i) / CURVE_POINTS - 1);
    return [mean + z * sigma, Math.exp(-0.5 * z * z) / (sigma * Math.sqrt(2 * Math.PI))];
  });
  const lineStyle = { color: STATE_COLOURS[state], width: 1, opacity: 0.6 };
  return [{ type: 'line', name: `${name} R_${state}`, data, symbol: 'none', lineStyle }];
}
