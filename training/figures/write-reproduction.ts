import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawFigure2 } from './draw-figure-2.ts';
import { drawFigure3b } from './draw-figure-3b.ts';
import type { Figure2 } from './figure-2.ts';
import type { Figure3b } from './figure-3b.ts';
import type { Reproduction } from './reproduction.ts';

/** Writes `figure-<name>.csv`, `.json`, `.svg` and `.png` into the folder; returns their paths. */
export function writeReproduction(
  folder: string,
  reproduction: Reproduction,
  subtitle: string,
  provenance: object,
): string[] {
  const { figure } = reproduction;
  const is3b = figure.figure === '3b';
  const picture = is3b ? drawFigure3b(figure as Figure3b, subtitle) : drawFigure2(figure as Figure2, subtitle);
  const csv = is3b ? csv3b(figure as Figure3b) : csv2(figure as Figure2);
  const json = `${JSON.stringify({ ...reproduction, provenance }, null, 1)}\n`;
  mkdirSync(folder, { recursive: true });
  const contents: [string, string | Uint8Array][] = [
    ['csv', csv],
    ['json', json],
    ['svg', picture.svg],
    ['png', picture.png],
  ];
  return contents.map(([extension, content]) => {
    const file = join(folder, `figure-${figure.figure}.${extension}`);
    writeFileSync(file, content);
    return file;
  });
}

/** One line a die, the software baseline first; errors in percent. */
export function csv2({ baseline, dies }: Figure2): string {
  const boxOf = ({ count, p5, q1, median, q3, p95, mean }: Figure2['baseline']) => [
    count,
    p5,
    q1,
    median,
    q3,
    p95,
    mean,
  ];
  return table(
    ['die', 'x', 'y', 'bad_cells', 'outlier', 'solutions', 'p5', 'q1', 'median', 'q3', 'p95', 'mean'],
    [
      ['software', '', '', '', '', ...boxOf(baseline)],
      ...dies.map(({ ordinal, x, y, badCells, outlier, box }) => [
        ordinal,
        x,
        y,
        badCells,
        outlier ? 1 : 0,
        ...boxOf(box),
      ]),
    ],
  );
}

/** One line a W_sat: summaries, then the mean error of each die; errors in percent. */
export function csv3b({ points, dies, baseline }: Figure3b): string {
  const head = [
    'w_sat',
    'software_baseline',
    'software_same_solutions',
    'mean_all',
    'median_all',
    'p90_all',
    'worst_all',
    'mean_without_outliers',
    'sigma_without_outliers',
    'delta',
    'inverse_alpha',
    'inverse_alpha_error',
  ];
  return table(
    [...head, ...dies.map(({ ordinal }) => `die_${ordinal}`)],
    points.map((point, i) => [
      point.wSat,
      baseline,
      point.software,
      point.all.mean,
      point.all.median,
      point.all.p90,
      point.all.worst,
      point.mean,
      point.sigma,
      point.delta,
      point.inverseAlpha,
      point.inverseAlphaError,
      ...dies.map(({ errors }) => errors[i]),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => (typeof value === 'number' ? Number(value.toFixed(5)).toString() : value);
  return `${[head, ...rows].map((row) => row.map(cell).join(',')).join('\n')}\n`;
}
