import { ATTEMPT_SECONDS, type BarrierExponent } from '../physics/switching.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { type CellLoops, deltaStep, type GridFrame, likelihoodGrid, type Staircase } from './switching-likelihood.ts';
import { maximise, momentsOf, type PopulationLaw, SMALLEST_SIGMAS, standardErrors } from './switching-population.ts';

/** An estimate with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The thermal law over the cells of a die. Δ and V_c0 are log-normal, the offset is normal; all three independent. */
export interface DieSwitching {
  readonly exponent: BarrierExponent;
  /** Cells with loops enough to say something of the spread, and their loops, both directions counted. */
  readonly cells: number;
  readonly loops: number;
  readonly delta: { readonly median: Interval; readonly sigma: Interval };
  readonly vC0: { readonly median: Interval; readonly sigma: Interval };
  readonly offsetVolts: { readonly mean: Interval; readonly sigma: Interval };
  /** Every cell with a loop in both directions: its means under the law of the die and its own loops. */
  readonly junctions: ReadonlyMap<number, JunctionSwitching>;
}

export interface JunctionSwitching {
  readonly delta: number;
  readonly vC0: number;
  /** V_sw is higher by this towards P and lower towards AP. */
  readonly offsetVolts: number;
}

export interface DieLoops {
  readonly cells: readonly CellLoops[];
  readonly toP: Staircase;
  readonly toAp: Staircase;
}

/** Fewer cells with repeated loops say nothing of a spread. */
const FEWEST_CELLS = 5;
/** More cells add little to the law of a die; those with most loops are taken. */
const MOST_CELLS = 50;
const LN_DELTA_REACH = 0.7;

/**
 * Fits Δ, V_c0 and their spread over the cells of a die to the switching voltages of repeated loops. Each cell's likelihood is
 * that of the thermal law on the staircase as it was (no correction for steps or dwell); the law of the die maximises the
 * product of their averages over the population, which needs no estimate per cell and is not biased by few loops.
 * Intervals from the curvature of that likelihood, of the σ in their logarithm. Two loops a cell suffice where cells are
 * many. Δ, V_c0 of one exponent are not those of the other; τ0 = 1 ns.
 *
 * @throws TB_ANALYSIS_NO_DATA with fewer than five cells that have two loops in both directions
 */
export function fitDieSwitching(data: DieLoops, exponent: BarrierExponent = 1): DieSwitching {
  const both = data.cells.filter(({ toP, toAp }) => toP.length > 0 && toAp.length > 0);
  const repeated = both
    .filter(({ toP, toAp }) => toP.length >= 2 && toAp.length >= 2)
    .sort((a, b) => b.toP.length - a.toP.length || a.cell - b.cell)
    .slice(0, MOST_CELLS);
  if (repeated.length < FEWEST_CELLS) throw tooFew(repeated.length);
  const frame = frameOf(repeated, data, exponent);
  const grids = repeated.map((cell) => likelihoodGrid(cell, frame));
  const law = maximise(grids, frame);
  const errors = standardErrors(grids, law);
  return {
    exponent,
    cells: grids.length,
    loops: grids.reduce((sum, { loops }) => sum + loops, 0),
    delta: { median: lnInterval(law[0], errors[0]), sigma: sigmaInterval(law[3], errors[3], deltaStep(frame)) },
    vC0: { median: lnInterval(law[1], errors[1]), sigma: sigmaInterval(law[4], errors[4], SMALLEST_SIGMAS[0]) },
    offsetVolts: {
      mean: { value: law[2], low: law[2] - NORMAL_95 * errors[2], high: law[2] + NORMAL_95 * errors[2] },
      sigma: sigmaInterval(law[5], errors[5], SMALLEST_SIGMAS[1]),
    },
    junctions: junctionsOf(both, frame, law),
  };
}

const NORMAL_95 = 1.96;

function lnInterval(ln: number, error: number): Interval {
  return { value: Math.exp(ln), low: Math.exp(ln - NORMAL_95 * error), high: Math.exp(ln + NORMAL_95 * error) };
}

/** A σ that ended at the smallest one resolved may as well be 0. */
function sigmaInterval(ln: number, error: number, smallest: number): Interval {
  const found = lnInterval(ln, error);
  return found.value <= 1.001 * smallest ? { ...found, low: 0 } : found;
}

/** Middle of the grid of Δ from the scatter within cells: σ = (π/√6)·dV/d ln h on a ramp. */
function frameOf(cells: readonly CellLoops[], { toP, toAp }: DieLoops, exponent: BarrierExponent): GridFrame {
  let squares = 0;
  let freedom = 0;
  let sum = 0;
  let count = 0;
  for (const volts of cells.flatMap((cell) => [cell.toP, cell.toAp])) {
    const average = volts.reduce((total, value) => total + value, 0) / volts.length;
    squares += volts.reduce((total, value) => total + (value - average) ** 2, 0);
    freedom += volts.length - 1;
    sum += average;
    count += 1;
  }
  const level = sum / count;
  const above = toP.steps.findIndex((step) => step > level);
  const width = above > 0 ? toP.steps[above] - toP.steps[above - 1] : 0;
  const scatter = Math.sqrt(Math.max(squares / freedom - width ** 2 / 12, (width / 10) ** 2));
  const gain = Math.PI / Math.sqrt(6) / scatter;
  const lnAttempts = Math.log(toP.dwellSeconds / ATTEMPT_SECONDS);
  const delta = exponent === 1 ? lnAttempts + gain * level : ((gain * level) / 2 + lnAttempts) ** 2 / lnAttempts;
  return { toP, toAp, exponent, lnDelta: Math.log(delta), lnDeltaReach: LN_DELTA_REACH };
}

/** Means of every cell under the law; cells with the same transitions share one computation. */
function junctionsOf(
  cells: readonly CellLoops[],
  frame: GridFrame,
  law: PopulationLaw,
): Map<number, JunctionSwitching> {
  const steps = (volts: readonly number[], { steps }: Staircase) =>
    volts
      .map((value) => steps.findIndex((step) => step > value))
      .sort()
      .join(',');
  const known = new Map<string, JunctionSwitching>();
  const junctions = new Map<number, JunctionSwitching>();
  for (const cell of cells) {
    const key = `${steps(cell.toP, frame.toP)}/${steps(cell.toAp, frame.toAp)}`;
    let junction = known.get(key);
    if (junction === undefined) {
      const { means } = momentsOf(likelihoodGrid(cell, frame), law);
      junction = { delta: Math.exp(means[0]), vC0: Math.exp(means[1]), offsetVolts: means[2] };
      known.set(key, junction);
    }
    junctions.set(cell.cell, junction);
  }
  return junctions;
}

function tooFew(cells: number): TunnelbenchError {
  return new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
    thing: 'switching law of a die',
    what: 'too few of its cells have repeated loops',
    value: `${cells} cells with two loops or more in both directions`,
    expected: `at least ${FEWEST_CELLS}`,
    remedy: 'Measure the die with a repeat sample (repeatSample of the recipe: cells per die, loops).',
  });
}
