import { describe, expect, it } from 'vitest';
import { type DieLoops, fitDieSwitching } from '../../analysis/die-switching.ts';
import { type BarrierExponent, switchingRate } from '../../physics/switching.ts';
import { type SeededStream, seededStream } from '../../training/seeded-stream.ts';

/** The rising quarter of the default loop. */
const STEPS = [0.1, 0.15, 0.2, 0.25, 0.3, ...Array.from({ length: 16 }, (_, i) => 0.325 + 0.025 * i)];
const DWELL = 3e-4;

interface Law {
  readonly delta: number;
  readonly deltaSigma: number;
  readonly vC0: number;
  readonly vC0Sigma: number;
  readonly offset: number;
  readonly offsetSigma: number;
  readonly exponent: BarrierExponent;
}

const LAW: Law = {
  delta: 60,
  deltaSigma: 0.1,
  vC0: 0.64,
  vC0Sigma: 0.04,
  offset: 0.015,
  offsetSigma: 0.008,
  exponent: 1,
};

/** A staircase on one junction: |V_sw| as a loop books it. */
function ramp(stream: SeededStream, delta: number, vC0: number, offset: number, exponent: BarrierExponent): number {
  const at = STEPS.findIndex(
    (volts) => stream.uniform() < -Math.expm1(-DWELL * switchingRate(volts - offset, delta, vC0, exponent)),
  );
  return (STEPS[at] + (STEPS[at - 1] ?? 0)) / 2;
}

interface DrawnDie {
  readonly data: DieLoops;
  /** V at which the hazard of a step is 1, of every cell. */
  readonly levels: readonly number[];
}

const levelOf = (vC0: number, delta: number) => vC0 * (1 - Math.log(DWELL / 1e-9) / delta);

function drawDie(law: Law, cells: number, loops: number, seed: number): DrawnDie {
  const stream = seededStream(seed, 77);
  const levels: number[] = [];
  const drawn = Array.from({ length: cells }, (_, cell) => {
    const delta = law.delta * Math.exp(law.deltaSigma * stream.normal());
    const vC0 = law.vC0 * Math.exp(law.vC0Sigma * stream.normal());
    const offset = law.offset + law.offsetSigma * stream.normal();
    levels.push(levelOf(vC0, delta));
    const series = (sign: 1 | -1) =>
      Array.from({ length: loops }, () => ramp(stream, delta, vC0, sign * offset, law.exponent));
    return { cell, toP: series(1), toAp: series(-1) };
  });
  const staircase = { steps: STEPS, dwellSeconds: DWELL };
  return { data: { cells: drawn, toP: staircase, toAp: staircase }, levels };
}

const dieOf = (law: Law, cells: number, loops: number, seed: number) => drawDie(law, cells, loops, seed).data;

function intervals(data: DieLoops, law: Law): boolean[] {
  const { delta, vC0, offsetVolts } = fitDieSwitching(data, law.exponent);
  return (
    [
      [delta.median, law.delta],
      [delta.sigma, law.deltaSigma],
      [vC0.median, law.vC0],
      [vC0.sigma, law.vC0Sigma],
      [offsetVolts.mean, law.offset],
      [offsetVolts.sigma, law.offsetSigma],
    ] as const
  ).map(([{ low, high }, truth]) => low <= truth && truth <= high);
}

describe('the switching law of a die from the voltages at which its cells switched', () => {
  it('has the true law in its 95 % intervals about as often as it says, from a repeat sample', () => {
    const held = [1, 2, 3, 4, 5].flatMap((seed) => intervals(dieOf(LAW, 20, 30, seed), LAW));
    // 30 intervals: fewer than 25 would be a one in a thousand event.
    expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(25);
  }, 180_000);

  it('needs no more than two loops a cell where cells are many', () => {
    expect(intervals(dieOf(LAW, 40, 2, 4), LAW).filter(Boolean).length).toBeGreaterThanOrEqual(5);
  }, 180_000);

  it('fits the quadratic barrier as well', () => {
    const law: Law = { ...LAW, vC0: 0.9, exponent: 2 };
    expect(intervals(dieOf(law, 20, 30, 2), law).filter(Boolean).length).toBeGreaterThanOrEqual(5);
  }, 180_000);

  it('finds no spread where there is none', () => {
    const { delta, vC0 } = fitDieSwitching(dieOf({ ...LAW, deltaSigma: 0, vC0Sigma: 0 }, 20, 30, 5));
    expect(delta.sigma.low).toBe(0);
    expect(vC0.sigma.value).toBeLessThan(0.006);
    expect(delta.median.low).toBeLessThan(60);
    expect(delta.median.high).toBeGreaterThan(60);
  }, 180_000);

  it('tells each cell’s own level to the scatter that its loops leave', () => {
    const error = (loops: number) => {
      const { data, levels } = drawDie(LAW, 25, loops, 6);
      const squares = [...fitDieSwitching(data).junctions].map(
        ([cell, { vC0, delta }]) => (levelOf(vC0, delta) - levels[cell]) ** 2,
      );
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    };
    // One loop scatters by 14 mV and its step by 7 mV more; there are two directions.
    expect(error(3)).toBeLessThan((1.5 * Math.hypot(0.0137, 0.0072)) / Math.sqrt(6));
    expect(error(24)).toBeLessThan((1.5 * Math.hypot(0.0137, 0.0072)) / Math.sqrt(48));
  }, 180_000);

  it('says so where too few cells have repeated loops', () => {
    expect(() => fitDieSwitching(dieOf(LAW, 30, 1, 1))).toThrow('TB_ANALYSIS_NO_DATA');
  });
});
