/**
 * Sweeps of single cells made from formulas, with noise, for tests of the analysis alone: no bench, no circuit.
 * R_P(V), TMR(V) and shunts as in physics/junction-law.ts; limits as a current clamp with V measured.
 */
import { randomNormal, randomUniform } from 'd3-random';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import type { SweepRecord } from '../../db/records.ts';
import { PointFlag } from '../../wafer/point-flags.ts';
import type { Recipe } from '../../wafer/recipe.ts';
import { pointCount, type Segment, type SweepKind, segmentsOf } from '../../wafer/sweep.ts';

export const recipe: Recipe = await readRecipeFile(DEFAULT_RECIPE_FILE);

/** A seeded source of numbers in [0, 1) for d3-random. */
export function seededSource(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => (generator.next() >>> 0) / 2 ** 32;
}

/** A junction as the formulas see it. `switchVolts` null: it never switches. */
export interface SyntheticCell {
  readonly rP: number;
  readonly tmr: number;
  readonly toPVolts: number | null;
  readonly toApVolts: number | null;
  readonly shuntOhms?: number;
  readonly start?: 'P' | 'AP';
  /** Fraction of R by which a trap modulates the junction. */
  readonly telegraph?: number;
  /** Returns to AP above this voltage in the half that sets P. */
  readonly backHopVolts?: number;
  /** Breaks at this point of the sweep, to this resistance. */
  readonly breaksAt?: number;
  readonly brokenOhms?: number;
}

export const HEALTHY: SyntheticCell = { rP: 18_000, tmr: 1.22, toPVolts: 0.51, toApVolts: -0.49 };

export interface SyntheticNoise {
  /** rms of one reading at 0.01 NPLC as a fraction of the range, ∝ 1/√NPLC. */
  readonly fractionOfRange: number;
  readonly voltsRms: number;
}

export const DEFAULT_NOISE: SyntheticNoise = { fractionOfRange: 3e-5, voltsRms: 5e-6 };
export const NO_NOISE: SyntheticNoise = { fractionOfRange: 0, voltsRms: 0 };

/** One sweep of the cell under the default recipe, as the branch of its true low-bias resistance would run it. */
export function syntheticSweep(
  cell: SyntheticCell,
  { seed = 1, noise = DEFAULT_NOISE, kind, index = 0 }: SyntheticOptions = {},
): SweepRecord {
  const source = seededSource(seed);
  const normal = randomNormal.source(source)(0, 1);
  const uniform = randomUniform.source(source)(0, 1);
  let state: 'P' | 'AP' = cell.start ?? 'AP';
  const ohmsAt = (volts: number, point: number): number => {
    if (cell.breaksAt !== undefined && point >= cell.breaksAt) return cell.brokenOhms ?? 400;
    const rP = cell.rP / (1 + (volts / 2.5) ** 2);
    const junction = state === 'P' ? rP : rP * (1 + cell.tmr / (1 + (volts / 0.5) ** 2));
    const flicker = cell.telegraph !== undefined && uniform() < 0.5 ? 1 - cell.telegraph : 1;
    return 1 / (1 / (junction * flicker) + 1 / (cell.shuntOhms ?? Number.POSITIVE_INFINITY));
  };
  const low = Math.abs(ohmsAt(0.02, 0));
  const { branches } = recipe.programme;
  const branch = branches.findIndex(({ belowOhms }) => low < belowOhms);
  const chosen: SweepKind =
    kind ?? ({ lowBiasOnly: 'lowBias', loop: 'loop', open: 'open' } as const)[branches[branch].action];
  const segments = segmentsOf(recipe.programme, chosen);
  const n = pointCount(segments);
  const readings = { volts: new Float32Array(n), amps: new Float32Array(n), flags: new Uint8Array(n) };
  let point = 0;
  const range = (segment: Segment) => segment.fixed ?? branches[branch].range ?? { rangeAmps: 1e-4, limitAmps: 1e-4 };
  for (const segment of segments) {
    const { rangeAmps, limitAmps } = range(segment);
    const rms = noise.fractionOfRange * rangeAmps * Math.sqrt(0.01 / segment.nplc);
    for (const asked of segment.volts) {
      state = nextState(cell, state, asked);
      const ohms = ohmsAt(asked, point);
      const limited = Math.abs(asked / ohms) > limitAmps;
      const volts = limited ? Math.sign(asked) * limitAmps * ohms : asked;
      readings.volts[point] = volts + noise.voltsRms * normal();
      readings.amps[point] = volts / ohms + rms * normal();
      readings.flags[point] = limited ? PointFlag.compliance : 0;
      point += 1;
    }
  }
  const loopRange = branches[branch].range ?? { rangeAmps: 1e-4, limitAmps: 1e-4 };
  return {
    attemptId: 'attempt',
    dieOrdinal: 0,
    cell: index,
    kind: chosen,
    access: 'pair',
    side: 'A',
    branch,
    ...loopRange,
    repeat: 0,
    startedAtMs: 0,
    instrumentSeconds: 0.05,
    rawStatus: 0,
    residualAmps: 0,
    readings,
  };
}

interface SyntheticOptions {
  readonly seed?: number;
  readonly noise?: SyntheticNoise;
  readonly kind?: SweepKind;
  readonly index?: number;
}

function nextState(cell: SyntheticCell, state: 'P' | 'AP', volts: number): 'P' | 'AP' {
  if (cell.backHopVolts !== undefined && volts >= cell.backHopVolts) return 'AP';
  if (state === 'AP' && cell.toPVolts !== null && volts >= cell.toPVolts) return 'P';
  if (state === 'P' && cell.toApVolts !== null && volts <= cell.toApVolts) return 'AP';
  return state;
}

/**
 * Switching voltages of successive loops of one cell: at each step of the staircase the cell flips with probability
 * 1 − exp(−t/τ0 · exp(−Δ(1 − V/V_c0))), τ0 = 1 ns. Returns the voltage of the step that flips it, for both polarities.
 */
export function switchingDraw(seed: number, delta = 60, vC0 = 0.64): () => { toPVolts: number; toApVolts: number } {
  const uniform = randomUniform.source(seededSource(seed))(0, 1);
  const segment = recipe.programme.loop.find(({ name }) => name === 'loopToP');
  const dwell = (segment?.settleSeconds ?? 0) + (segment?.nplc ?? 0) / 50;
  const flip = () => {
    const stair = (segment?.volts ?? []).slice(0, 26);
    return stair.find((volts) => uniform() < 1 - Math.exp(-(dwell / 1e-9) * Math.exp(-delta * (1 - volts / vC0)))) ?? 1;
  };
  return () => ({ toPVolts: flip() - 1e-4, toApVolts: -flip() + 1e-4 });
}
