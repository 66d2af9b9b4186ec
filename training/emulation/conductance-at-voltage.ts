import type { DieModel } from '../../analysis/die-model.ts';
import { CELL_CLASSES } from '../../wafer/cell-class.ts';
import { UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import type { Readings } from '../../wafer/sweep.ts';

/** The measured loop of one cell: its readings and the spans of the two halves in them. */
export interface MeasuredLoop {
  readonly readings: Readings;
  /** The half that switches the cell from AP to P, and the half back; start and end (exclusive). */
  readonly toP: LoopSpan;
  readonly toAp: LoopSpan;
}

export interface LoopSpan {
  readonly start: number;
  readonly end: number;
}

/** Gives a cell's loop, or null where none was run. */
export type LoopReader = (cell: number) => MeasuredLoop | null;

export interface DieModelAtVoltage {
  readonly model: DieModel;
  /** Switching cells whose loop gives no resistance at this voltage: they keep the low-bias fit. */
  readonly keptCells: number;
}

/**
 * The die model with R_P and R_AP = V/I at the chosen read voltage (column − row, signed), interpolated in the measured
 * loop, in place of the low-bias slope: in AP a junction conducts better at a higher bias. The AP state is read before
 * the half towards P switches, the P state after it, and the other way round for the opposite polarity. Cells that do
 * not switch keep their one resistance. Means follow from the healthy cells.
 */
export function dieModelAtVoltage(model: DieModel, volts: number, loopOf: LoopReader): DieModelAtVoltage {
  const rP = model.rP.slice();
  const rAp = model.rAp.slice();
  let keptCells = 0;
  for (let cell = 0; cell < model.classes.length; cell++) {
    const name = CELL_CLASSES[model.classes[cell]];
    if (name !== 'healthy' && name !== 'weak' && name !== 'subpar') continue;
    const loop = loopOf(cell);
    const found = loop === null ? null : resistancesAt(loop, volts);
    if (found === null || found.rAp <= found.rP) keptCells += 1;
    else [rP[cell], rAp[cell]] = [found.rP, found.rAp];
  }
  return { model: { ...model, rP, rAp, means: healthyMeans(model, rP, rAp) }, keptCells };
}

/** R_P and R_AP of a loop at a voltage, ohms; null where the loop has no usable points around it. */
export function resistancesAt({ readings, toP, toAp }: MeasuredLoop, volts: number) {
  const half = [toP, toAp].find(({ start, end }) => reaches(readings, start, end, volts));
  if (half === undefined) return null;
  const turn = extreme(readings, half);
  const outward = ohmsAt(readings, half.start, turn + 1, volts);
  const back = ohmsAt(readings, turn, half.end, volts);
  if (outward === null || back === null) return null;
  return half === toP ? { rP: back, rAp: outward } : { rP: outward, rAp: back };
}

function reaches({ volts: measured }: Readings, start: number, end: number, volts: number): boolean {
  for (let i = start; i < end; i++) if (volts > 0 ? measured[i] >= volts : measured[i] <= volts) return true;
  return false;
}

function extreme({ volts }: Readings, { start, end }: LoopSpan): number {
  let at = start;
  for (let i = start; i < end; i++) if (Math.abs(volts[i]) > Math.abs(volts[at])) at = i;
  return at;
}

/** V/I between the two usable neighbouring points that enclose the voltage. */
function ohmsAt({ volts: v, amps, flags }: Readings, start: number, end: number, volts: number): number | null {
  for (let i = start; i + 1 < end; i++) {
    if ((flags[i] | flags[i + 1]) & UNUSABLE_POINT) continue;
    if ((v[i] - volts) * (v[i + 1] - volts) > 0 || v[i] === v[i + 1]) continue;
    const current = amps[i] + ((amps[i + 1] - amps[i]) * (volts - v[i])) / (v[i + 1] - v[i]);
    const ohms = volts / current;
    return Number.isFinite(ohms) && ohms > 0 ? ohms : null;
  }
  return null;
}

function healthyMeans(model: DieModel, rP: Float64Array, rAp: Float64Array): DieModel['means'] {
  const cells = [...model.classes.keys()].filter((cell) => CELL_CLASSES[model.classes[cell]] === 'healthy');
  const statistics = (ohms: Float64Array) => {
    const mean = cells.reduce((sum, cell) => sum + ohms[cell], 0) / cells.length;
    const variance = cells.reduce((sum, cell) => sum + (ohms[cell] - mean) ** 2, 0) / Math.max(1, cells.length - 1);
    return { mean, standardError: Math.sqrt(variance / cells.length) };
  };
  const p = statistics(rP);
  const ap = statistics(rAp);
  return {
    rP: p.mean,
    rPStandardError: p.standardError,
    rAp: ap.mean,
    rApStandardError: ap.standardError,
    healthy: cells.length,
  };
}
