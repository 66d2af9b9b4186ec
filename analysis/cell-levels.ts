import { UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Readings } from '../wafer/sweep.ts';
import type { ConductanceStages } from './failed-in-test.ts';
import { limitedConductance } from './limited-conductance.ts';
import { fitLine, type LineFit, type PooledNoise, pooledNoise, slopeUncertainty } from './line-fit.ts';
import type { LoopLayout } from './programme-layout.ts';

/** A conductance with its standard uncertainty, siemens. */
export interface Level {
  readonly siemens: number;
  readonly uncertainty: number;
  /** Where it was taken: the read block, the loop's own low-bias points, or points in current limit. */
  readonly source: 'block' | 'loop' | 'limited';
}

/** The low-bias conductances of a loop sweep in the order they were measured, and the noise they were judged by. */
export interface CellLevels {
  readonly start: Level | null;
  /** After the half that sets P, and after the half that sets AP; through both polarities. */
  readonly p: Level | null;
  readonly ap: Level | null;
  /** The last level of all, from the readings after the second half only. */
  readonly end: Level | null;
  readonly stages: ConductanceStages;
  /** Standard deviation of one reading of the read blocks; null where both were unusable. */
  readonly noiseAmps: number | null;
  /** The same for a loop point, at least the noise floor. */
  readonly loopAmps: number;
  /** A read block scatters by more than any instrument would. */
  readonly telegraph: boolean;
}

/** Residual of a read block against its current above which the block itself shows telegraph noise. */
const TELEGRAPH_FRACTION = 0.004;
/** Stated relative uncertainty of a resistance taken from points in current limit (offset against a few millivolts). */
const LIMITED_UNCERTAINTY = 0.05;

const MUCH_LOWER_OHMS = 1.5;

/**
 * Fits every low-bias level of a loop sweep. R_P and R_AP come from their read blocks; the noise of the two blocks is
 * pooled, because they share range and integration time (2 + 2 degrees of freedom with the default recipe). A block
 * that is unusable, as for a cell of a few kilohms on a read range of 10 µA, is replaced by the loop's points at low
 * bias in the same state, which lie on both sides of 0 V too.
 */
export function cellLevels(readings: Readings, layout: LoopLayout, rangeAmps: number): CellLevels {
  const { toP, toAp } = layout;
  const lineThrough = (indices: ArrayLike<number>) => fitLine(readings, indices, UNUSABLE_POINT);
  const readP = lineThrough(layout.readP);
  const readAp = lineThrough(layout.readAp);
  const beforeToP = lineThrough(toP.lowBefore);
  const afterToAp = lineThrough(toAp.lowAfter);
  const afterToP = lineThrough(toP.lowAfter);

  const blocks: Grade = { noise: pooledNoise([readP, readAp]), floorAmps: layout.readFloorAmps, source: 'block' };
  const loop: Grade = {
    noise: pooledNoise([beforeToP, afterToP, lineThrough(toAp.lowBefore), afterToAp]),
    floorAmps: rangeAmps * layout.loopFloorPerRange,
    source: 'loop',
  };
  const limited = (indices: Int32Array) => limitedLevel(readings, indices);
  const p = levelOf(readP, blocks) ?? levelOf(lineThrough(layout.lowP), loop) ?? limited(layout.readP);
  const end = levelOf(readAp, blocks) ?? latest(levelOf(afterToAp, loop), limited(layout.readAp));
  const ap = readAp === null ? (levelOf(lineThrough(layout.lowAp), loop) ?? end) : end;
  const start = levelOf(beforeToP, loop) ?? limited(toP.lowBefore);
  const pAlone = readP === null ? (levelOf(afterToP, loop) ?? p) : p;
  return {
    start,
    p,
    ap,
    end,
    stages: {
      preRead: lineThrough(layout.preRead)?.slope ?? limitedConductance(readings, layout.preRead),
      loopStart: start?.siemens ?? null,
      afterToP: pAlone?.siemens ?? null,
      end: end?.siemens ?? null,
    },
    noiseAmps: blocks.noise?.amps ?? null,
    loopAmps: Math.max(loop.noise?.amps ?? 0, loop.floorAmps),
    telegraph: scatterFraction(readP) > TELEGRAPH_FRACTION || scatterFraction(readAp) > TELEGRAPH_FRACTION,
  };
}

/** How good the readings behind a fit are. */
interface Grade {
  readonly noise: PooledNoise | null;
  readonly floorAmps: number;
  readonly source: Level['source'];
}

function levelOf(fit: LineFit | null, { noise, floorAmps, source }: Grade): Level | null {
  if (fit === null) return null;
  return { siemens: fit.slope, uncertainty: slopeUncertainty(fit, noise, floorAmps), source };
}

/** The loop's last points are the better fit; the limited block is later, and wins when the cell became a short since. */
function latest(loop: Level | null, limited: Level | null): Level | null {
  if (loop === null || limited === null) return loop ?? limited;
  return limited.siemens > MUCH_LOWER_OHMS * loop.siemens ? limited : loop;
}

function limitedLevel(readings: Readings, indices: Int32Array): Level | null {
  const siemens = limitedConductance(readings, indices);
  if (siemens === null) return null;
  return { siemens, uncertainty: LIMITED_UNCERTAINTY * Math.abs(siemens), source: 'limited' };
}

/** Residual standard deviation over the current at 50 mV; 0 where it cannot be told. */
function scatterFraction(fit: LineFit | null): number {
  if (fit === null || fit.n < 3 || fit.slope <= 0) return 0;
  return Math.sqrt(fit.rss / (fit.n - 2)) / (fit.slope * 0.05);
}
