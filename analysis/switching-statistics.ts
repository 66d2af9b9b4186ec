import { median } from 'd3-array';
import type { SweepRecord } from '../db/records.ts';
import type { SweepProgramme } from '../wafer/sweep.ts';
import { loopFeatures } from './loop-features.ts';
import { programmeLayout } from './programme-layout.ts';
import { fitSwitchingLaw, type SwitchingLaw } from './switching-law-fit.ts';

/** Spread of one cell's switching voltage over repeated loops, in one polarity. */
export interface SwitchingSpread {
  readonly cell: number;
  readonly polarity: 'positive' | 'negative';
  /** Loops that showed the transition. */
  readonly loops: number;
  readonly medianVolts: number;
  /** Standard deviation as measured, after a linear drift over the loops was removed. */
  readonly measuredSigmaVolts: number;
  /** The same without the variance of the staircase, step²/12; 0 where the step explains all of it. */
  readonly sigmaVolts: number;
  /** Drift per loop, volts. */
  readonly driftVolts: number;
  /** Δ and V_c0 of the thermal law; null where the loops do not determine them. */
  readonly law: SwitchingLaw | null;
}

/** Fewer loops say too little about a spread: its own relative uncertainty would exceed 13 %. */
export const MIN_LOOPS = 30;

/**
 * Evaluates the repeat sample of a die: sweeps with repeat ≥ 1, grouped by cell. Cells with fewer than 30 loops that
 * show both transitions are left out. `lineHertz` turns NPLC into the dwell of a point.
 */
export function switchingSpreads(
  sweeps: Iterable<SweepRecord>,
  programme: SweepProgramme,
  lineHertz = 50,
): SwitchingSpread[] {
  const layout = programmeLayout(programme).loop;
  const byCell = new Map<number, { positive: number[]; negative: number[] }>();
  for (const sweep of sweeps) {
    if (sweep.kind !== 'loop' || sweep.readings.volts.length !== layout.points) continue;
    const features = loopFeatures(sweep.readings, layout, sweep.rangeAmps);
    const series = byCell.get(sweep.cell) ?? { positive: [], negative: [] };
    if (features.vSwitchPositive !== null) series.positive.push(features.vSwitchPositive.volts);
    if (features.vSwitchNegative !== null) series.negative.push(features.vSwitchNegative.volts);
    byCell.set(sweep.cell, series);
  }
  const spreads: SwitchingSpread[] = [];
  for (const [cell, series] of byCell) {
    for (const polarity of ['positive', 'negative'] as const) {
      const spread = spreadOf(cell, polarity, series[polarity], programme, lineHertz);
      if (spread !== null) spreads.push(spread);
    }
  }
  return spreads;
}

/** Medians over the cells of a repeat sample. */
export interface SwitchingSummary {
  readonly cells: number;
  readonly loops: number;
  readonly sigmaVolts: number;
  readonly delta: number | null;
  readonly vC0: number | null;
  /** Spreads (cell and polarity) whose law could be fitted. */
  readonly laws: number;
}

export function summariseSpreads(spreads: readonly SwitchingSpread[]): SwitchingSummary | null {
  if (spreads.length === 0) return null;
  const laws = spreads.map(({ law }) => law).filter((law) => law !== null);
  return {
    cells: new Set(spreads.map(({ cell }) => cell)).size,
    loops: Math.min(...spreads.map(({ loops }) => loops)),
    sigmaVolts: median(spreads, ({ sigmaVolts }) => sigmaVolts) ?? 0,
    delta: median(laws, ({ delta }) => delta) ?? null,
    vC0: median(laws, ({ vC0 }) => vC0) ?? null,
    laws: laws.length,
  };
}

function spreadOf(
  cell: number,
  polarity: SwitchingSpread['polarity'],
  volts: readonly number[],
  programme: SweepProgramme,
  lineHertz: number,
): SwitchingSpread | null {
  if (volts.length < MIN_LOOPS) return null;
  const { slope, sigma } = detrended(volts);
  const { steps, dwellSeconds } = staircaseOf(programme, polarity, lineHertz);
  const centre = median(volts) ?? 0;
  const step = stepAt(steps, Math.abs(centre));
  return {
    cell,
    polarity,
    loops: volts.length,
    medianVolts: centre,
    measuredSigmaVolts: sigma,
    sigmaVolts: Math.sqrt(Math.max(0, sigma * sigma - (step * step) / 12)),
    driftVolts: slope,
    law: fitSwitchingLaw(volts.map(Math.abs), steps, dwellSeconds),
  };
}

/** Slope per loop and standard deviation about the straight line (n − 2 degrees of freedom). */
function detrended(values: readonly number[]): { slope: number; sigma: number } {
  const n = values.length;
  const centre = (n - 1) / 2;
  const average = values.reduce((sum, value) => sum + value, 0) / n;
  let [sxx, sxy, syy] = [0, 0, 0];
  values.forEach((value, i) => {
    sxx += (i - centre) ** 2;
    sxy += (i - centre) * (value - average);
    syy += (value - average) ** 2;
  });
  const slope = sxy / sxx;
  return { slope, sigma: Math.sqrt(Math.max(0, syy - slope * sxy) / (n - 2)) };
}

/** Rising |V| of the half-loop with the given polarity, and the time a step lasts. */
export function staircaseOf(programme: SweepProgramme, polarity: SwitchingSpread['polarity'], lineHertz: number) {
  const sign = polarity === 'positive' ? 1 : -1;
  const half = programme.loop.find(
    ({ name, volts }) => name.startsWith('loopTo') && volts.some((level) => sign * level > 0),
  );
  const volts = half?.volts.map((level) => sign * level) ?? [];
  const peak = volts.indexOf(Math.max(...volts));
  const dwellSeconds = (half?.settleSeconds ?? 0) + (half?.nplc ?? 0) / lineHertz;
  return { steps: volts.slice(0, peak + 1).filter((level) => level > 0), dwellSeconds };
}

function stepAt(steps: readonly number[], volts: number): number {
  const above = steps.findIndex((level) => level >= volts);
  return above <= 0 ? 0 : steps[above] - steps[above - 1];
}
