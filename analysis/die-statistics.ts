import { deviation, median } from 'd3-array';
import type { CellRecord, StoredCell } from '../db/records.ts';
import { CELL_CLASSES, type CellClass, type ClassThresholds } from '../wafer/cell-class.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';
import { cellCount } from '../wafer/geometry.ts';
import { fitGaussian, type GaussianFit } from './gaussian-fit.ts';
import { findLineFaults, type LineFault } from './line-causes.ts';

/** A share with both of its numbers and the name of what it is a share of. "Yield" never stands without it. */
export interface Share {
  readonly name: string;
  readonly of: 'measured cells' | 'all cells' | 'used cells';
  readonly numerator: number;
  readonly denominator: number;
}

/** Median and standard deviation of a quantity over the healthy cells that have it. */
export interface Spread {
  readonly n: number;
  readonly median: number;
  readonly deviation: number;
}

/** What the cells of one die say together. Resistances and switching voltages are of the healthy cells ("filtered"). */
export interface DieStatistics {
  readonly counts: Readonly<Record<CellClass, number>>;
  readonly all: number;
  readonly measured: number;
  readonly shares: readonly Share[];
  readonly rP: GaussianFit | null;
  readonly rAp: GaussianFit | null;
  readonly tmr: Spread | null;
  readonly vSwitchPositive: Spread | null;
  readonly vSwitchNegative: Spread | null;
  readonly noiseAmps: number | null;
  readonly failedInTest: number;
  readonly nearBoundary: number;
  readonly lineFaults: readonly LineFault[];
  /** More than 0.5 % of the cells of healthy resistance did not switch: not stuck cells but amplitude or gate too low. */
  readonly notSwitching: Share;
  readonly amplitudeSuspect: boolean;
}

/** Above this share of not switching cells the die is flagged "amplitude or gate too low" (bench practice). */
const NOT_SWITCHING_LIMIT = 0.005;

export function dieStatistics(
  cells: readonly StoredCell[],
  geometry: CrossbarGeometry,
  thresholds: ClassThresholds,
): DieStatistics {
  const all = cellCount(geometry);
  const counts = countsOf(cells, all);
  const measured = all - counts.unmeasured;
  const healthy = cells.filter((cell) => cell.class === 'healthy');
  const firstPass = cells.filter((cell) => cell.firstClass === 'healthy').length;
  const notSwitching = notSwitchingShare(cells, thresholds);
  const share = (name: string, of: Share['of'], numerator: number): Share => ({
    name,
    of,
    numerator,
    denominator: of === 'all cells' ? all : measured,
  });
  return {
    counts,
    all,
    measured,
    shares: [
      share('healthy', 'measured cells', counts.healthy),
      share('healthy', 'all cells', counts.healthy),
      share('healthy at the first pass', 'measured cells', firstPass),
      share('switching (healthy, weak, subpar)', 'measured cells', counts.healthy + counts.weak + counts.subpar),
    ],
    rP: fitGaussian(valuesOf(healthy, 'rP')),
    rAp: fitGaussian(valuesOf(healthy, 'rAp')),
    tmr: spreadOf(healthy, 'tmr'),
    vSwitchPositive: spreadOf(healthy, 'vSwitchPositive'),
    vSwitchNegative: spreadOf(healthy, 'vSwitchNegative'),
    noiseAmps: median(healthy, ({ noiseAmps }) => noiseAmps) ?? null,
    failedInTest: cells.filter(({ cause }) => cause === 'failedInTest').length,
    nearBoundary: cells.filter(({ neighbourClass }) => neighbourClass !== null).length,
    lineFaults: findLineFaults(cells, geometry),
    notSwitching,
    amplitudeSuspect: notSwitching.numerator > NOT_SWITCHING_LIMIT * notSwitching.denominator,
  };
}

type CellQuantity = 'rP' | 'rAp' | 'tmr' | 'vSwitchPositive' | 'vSwitchNegative';

/** The values of one quantity, cells that have none left out. */
export function valuesOf(cells: readonly CellRecord[], quantity: CellQuantity): Float64Array {
  const values = new Float64Array(cells.length);
  let n = 0;
  for (const cell of cells) {
    const value = cell[quantity];
    if (value !== null) values[n++] = value;
  }
  return values.subarray(0, n);
}

function spreadOf(cells: readonly CellRecord[], quantity: CellQuantity): Spread | null {
  const values = valuesOf(cells, quantity);
  if (values.length < 2) return null;
  return { n: values.length, median: median(values) ?? 0, deviation: deviation(values) ?? 0 };
}

function countsOf(cells: readonly CellRecord[], all: number): Record<CellClass, number> {
  const counts = Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as Record<CellClass, number>;
  for (const cell of cells) counts[cell.class] += 1;
  counts.unmeasured += all - cells.length;
  return counts;
}

/** Cells that do not switch among those whose resistance is that of a healthy barrier. */
function notSwitchingShare(cells: readonly CellRecord[], { subparBelowOhms, openAboveOhms }: ClassThresholds): Share {
  const barrier = (cell: CellRecord) =>
    cell.rStuck !== null && cell.rStuck >= subparBelowOhms && cell.rStuck <= openAboveOhms;
  const stuck = cells.filter((cell) => cell.class === 'stuck' && barrier(cell)).length;
  const switching = cells.filter((cell) => cell.class === 'healthy' || cell.class === 'weak').length;
  return {
    name: 'not switching among cells of healthy resistance',
    of: 'used cells',
    numerator: stuck,
    denominator: stuck + switching,
  };
}
