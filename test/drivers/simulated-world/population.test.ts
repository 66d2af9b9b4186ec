import { describe, expect, it } from 'vitest';
import { SimulatedStation } from '../../../drivers/simulated/world/simulated-station.ts';
import { staircaseMedianVolts, staircaseSurvival } from '../../../physics/switching.ts';
import { PROGRAMME } from './bench-hand.ts';

const station = new SimulatedStation({ seed: 11 });
const { population } = station.options;
const dies = [0, 7, 14, 21, 28, 35].map((ordinal) => station.truth(ordinal));
const cells = dies.flatMap((die) => die.cells);
const healthy = cells.filter(({ label }) => label === 'healthy');

function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(fraction * (sorted.length - 1))];
}

function logSigma(values: readonly number[]): number {
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length);
}

describe('the healthy cells of the default wafer', () => {
  it('have the stated resistances and spread as measured', () => {
    expect(
      quantile(
        healthy.map(({ rP }) => rP),
        0.5,
      ) / 18_000,
    ).toBeCloseTo(1, 1.5);
    expect(
      quantile(
        healthy.map(({ rAp }) => rAp),
        0.5,
      ) / 40_000,
    ).toBeCloseTo(1, 1.5);
    expect(logSigma(healthy.map(({ rP }) => rP))).toBeGreaterThan(0.045);
    expect(logSigma(healthy.map(({ rP }) => rP))).toBeLessThan(0.055);
  });

  it('switch at 0.50 V in the median under the dwell of the default recipe', () => {
    const sample = healthy.filter((_, i) => i % 500 === 0);
    const medians = sample.map(({ delta, vC0 }) => staircaseMedianVolts(0.025, 3e-4, delta, vC0));
    expect(Math.abs(quantile(medians, 0.5) - 0.5)).toBeLessThan(0.01);
  });

  it('fail to switch at 0.70 V in fewer than 0.01 % of the cases, both ways, offset included', () => {
    const half = PROGRAMME.loop[1].volts;
    const failures = healthy.reduce((sum, { delta, vC0, offsetVolts }) => {
      const toP = half.map((volts) => volts - offsetVolts);
      const toAp = half.map((volts) => volts + offsetVolts);
      return sum + staircaseSurvival(toP, 3e-4, delta, vC0) + staircaseSurvival(toAp, 3e-4, delta, vC0);
    }, 0);
    expect(failures / healthy.length).toBeLessThan(1e-4);
    expect(population.rates.shorted).toBeGreaterThan(0);
  });

  it('break far above the amplitude, unless the early tail is switched on', () => {
    expect(Math.min(...healthy.map(({ breakdownVolts }) => breakdownVolts))).toBeGreaterThan(1.1);
    const tail = new SimulatedStation({ seed: 11, earlyBreakdown: true }).truth(0).cells;
    const early = tail.filter(({ breakdownVolts }) => breakdownVolts < 1.1).length / tail.length;
    expect(early).toBeGreaterThan(0.01);
    expect(early).toBeLessThan(0.05);
    // The tail changes breakdown and nothing else.
    expect(tail.map(({ rP, label }) => [rP, label])).toEqual(dies[0].cells.map(({ rP, label }) => [rP, label]));
  });
});

describe('the defects of the default wafer', () => {
  it('lie in their windows as measured', () => {
    const of = (label: string) => cells.filter((cell) => cell.label === label);
    for (const { rP } of of('shorted')) {
      expect(rP).toBeGreaterThanOrEqual(100 - 1e-6);
      expect(rP).toBeLessThanOrEqual(1_000 + 1e-6);
    }
    for (const { rP, rAp } of of('subpar')) {
      expect(rP).toBeGreaterThanOrEqual(1_000 - 1e-6);
      expect(rP).toBeLessThanOrEqual(12_000 + 1e-6);
      expect(rAp).toBeGreaterThan(rP);
    }
    for (const { rP, rAp } of of('weakLowTmr')) expect(rAp / rP - 1).toBeLessThan(0.45);
    for (const { rP } of of('open')) expect(rP).toBeGreaterThan(1e6);
    for (const label of ['shorted', 'subpar', 'weakLowTmr', 'open', 'stuckP', 'stuckAp', 'weakTelegraph']) {
      expect(of(label).length, label).toBeGreaterThan(0);
    }
  });

  it('differ from die to die, with a few outliers, and make some tenths of a percent on the median die', () => {
    const single = ['shorted', 'subpar', 'weakLowTmr', 'weakTelegraph', 'weakBackHopping', 'open', 'stuckP', 'stuckAp'];
    const rates = station.options.dies.map(
      ({ ordinal }) => station.truth(ordinal).cells.filter(({ label }) => single.includes(label)).length / 20_000,
    );
    expect(quantile(rates, 0.5)).toBeGreaterThan(0.001);
    expect(quantile(rates, 0.5)).toBeLessThan(0.006);
    expect(Math.max(...rates)).toBeGreaterThan(0.01);
  });
});

describe('the draw of a wafer', () => {
  it('depends on the seed and the die alone', () => {
    const again = new SimulatedStation({ seed: 11 });
    again.truth(35);
    expect(again.truth(14).cells).toEqual(dies[2].cells);
    expect(new SimulatedStation({ seed: 12 }).truth(14).cells).not.toEqual(dies[2].cells);
  });

  it('starts in the state asked for', () => {
    const fraction = (startState: 'P' | 'AP' | 'random') => {
      const found = new SimulatedStation({ seed: 3, startState })
        .truth(5)
        .cells.filter(({ label }) => label === 'healthy');
      return found.filter(({ antiparallel }) => antiparallel).length / found.length;
    };
    expect(fraction('P')).toBe(0);
    expect(fraction('AP')).toBe(1);
    expect(fraction('random')).toBeCloseTo(0.5, 1);
  });
});
