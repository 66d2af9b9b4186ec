import { describe, expect, it } from 'vitest';
import { breakdownProbability, DEFAULT_BREAKDOWN_LAW, damageRate, damageThreshold } from '../../physics/breakdown.ts';
import {
  johnsonAmpsPerRootHertz,
  readingNoiseAmps,
  shotAmpsPerRootHertz,
  telegraphLevel,
} from '../../physics/noise.ts';
import { diodeAmps, diodeSiemens, padAmps } from '../../physics/pad-diode.ts';

describe('breakdown', () => {
  const law = DEFAULT_BREAKDOWN_LAW;

  it('breaks 63 % in the reference time at the breakdown voltage, a tenth of the life per decade voltage', () => {
    expect(breakdownProbability(law.referenceSeconds, 1.5, 1.5, law)).toBeCloseTo(1 - Math.exp(-1), 9);
    expect(damageRate(-1.5 - law.voltsPerDecade, 1.5, law) / damageRate(1.5, 1.5, law)).toBeCloseTo(10, 9);
  });

  it('reduces any history to damage: the threshold follows the same Weibull law', () => {
    const seconds = 4e-4;
    const damage = seconds * damageRate(1.48, 1.5, law);
    const count = 20_000;
    const broken = Array.from({ length: count }, (_, i) => damageThreshold((i + 0.5) / count, law)).filter(
      (threshold) => threshold <= damage,
    ).length;
    expect(broken / count).toBeCloseTo(breakdownProbability(seconds, 1.48, 1.5, law), 3);
  });

  it('leaves a normal junction alone at the ceiling', () => {
    expect(breakdownProbability(0.1, 0.8, 1.5, law)).toBeLessThan(1e-9);
  });
});

describe('noise', () => {
  it('has the tabulated Johnson and shot densities', () => {
    expect(johnsonAmpsPerRootHertz(5000, 300) * 1e12).toBeCloseTo(1.82, 2);
    expect(johnsonAmpsPerRootHertz(5000, 300) * Math.sqrt(30) * 1e12).toBeCloseTo(10, 1);
    expect(shotAmpsPerRootHertz(20e-6, 0.5, 300) * 1e12).toBeCloseTo(2.53, 2);
  });

  it('passes from shot to Johnson noise at low bias', () => {
    expect(shotAmpsPerRootHertz(1e-4 / 5000, 1e-4, 300) / johnsonAmpsPerRootHertz(5000, 300)).toBeCloseTo(1, 4);
  });

  it('falls with integration time and is nothing without current', () => {
    expect(readingNoiseAmps(0.5, 25e-6, 2e-3)).toBeLessThan(readingNoiseAmps(0.5, 25e-6, 2e-4));
    expect(readingNoiseAmps(0, 0, 1e-3)).toBe(0);
  });

  it('holds a telegraph level for one slot', () => {
    const draw = (slot: number) => (slot % 2 === 0 ? 0.1 : 0.9);
    expect(telegraphLevel(0.0001, 0.001, draw)).toBe(true);
    expect(telegraphLevel(0.0009, 0.001, draw)).toBe(true);
    expect(telegraphLevel(0.0011, 0.001, draw)).toBe(false);
  });
});

describe('pad diodes', () => {
  const rails = { substrateVolts: 0, railVolts: 1.8 };

  it('carry nothing between the supplies and clamp beyond them', () => {
    expect(Math.abs(padAmps(0.7, rails))).toBeLessThan(1e-14);
    expect(padAmps(-0.75, rails)).toBeLessThan(-1e-3);
    expect(padAmps(2.55, rails)).toBeGreaterThan(1e-3);
  });

  it('have the slope of their current, also where the exponential is continued by its tangent', () => {
    for (const volts of [0.3, 0.6, 1.02, 1.04, 2]) {
      const quotient = (diodeAmps(volts + 1e-7) - diodeAmps(volts - 1e-7)) / 2e-7;
      expect(diodeSiemens(volts) / quotient).toBeCloseTo(1, 4);
    }
  });
});
