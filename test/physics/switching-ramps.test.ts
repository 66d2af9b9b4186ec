import { describe, expect, it } from 'vitest';
import { fitSwitchingLaw } from '../../analysis/switching-law-fit.ts';
import {
  type BarrierExponent,
  rampMedianVolts,
  rampSigmaVolts,
  staircaseMedianVolts,
  switchingProbability,
} from '../../physics/switching.ts';
import { seededStream } from '../../training/seeded-stream.ts';

const RAMPS = 20_000;

/** Staircases drawn step by step; each jump booked in the middle of its step. The phase of the grid is drawn anew for every ramp. */
function simulateRamps(
  stepVolts: number,
  dwellSeconds: number,
  delta: number,
  vC0: number,
  exponent: BarrierExponent,
  randomPhase: boolean,
): number[] {
  const stream = seededStream(11, Math.round(delta), exponent);
  return Array.from({ length: RAMPS }, () => {
    let volts = (randomPhase ? stream.uniform() : 1) * stepVolts;
    while (stream.uniform() >= switchingProbability(volts, dwellSeconds, delta, vC0, exponent)) volts += stepVolts;
    return volts - stepVolts / 2;
  });
}

/**
 * What steps do to the median. With g = Δ/V_c0 the hazards of steps s apart form a geometric series, f(V)·t/(1 − e^(−g·s)), where the ramp
 * has the integral f(V)·t/(g·s): the same hazard is met at a voltage lower by the logarithm of the ratio over g.
 */
function stepShiftVolts(stepVolts: number, delta: number, vC0: number): number {
  const perStep = (delta / vC0) * stepVolts;
  return (Math.log(-Math.expm1(-perStep) / perStep) * vC0) / delta;
}

function statistics(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const central = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / values.length;
  const sigma = Math.sqrt(central(2));
  // The standard error of σ̂ from the fourth moment: a Gumbel law is far from normal.
  const sigmaError = Math.sqrt((central(4) - central(2) ** 2) / values.length) / (2 * sigma);
  return { median: sorted[values.length / 2], sigma, sigmaError };
}

describe.each([
  { delta: 60, vC0: 0.8, stepVolts: 1e-3, dwellSeconds: 1e-2 },
  { delta: 60, vC0: 0.8, stepVolts: 0.01, dwellSeconds: 1e-2 },
  { delta: 40, vC0: 0.8, stepVolts: 0.005, dwellSeconds: 5e-2 },
])('20,000 simulated staircases, Δ $delta, steps of $stepVolts V', ({ delta, vC0, stepVolts, dwellSeconds }) => {
  const { median, sigma, sigmaError } = statistics(simulateRamps(stepVolts, dwellSeconds, delta, vC0, 1, true));

  it('have the closed form’s median within 0.5 %, steps taken into account', () => {
    const expected = rampMedianVolts(stepVolts / dwellSeconds, delta, vC0) + stepShiftVolts(stepVolts, delta, vC0);
    expect(Math.abs(median / expected - 1)).toBeLessThan(0.005);
    expect(Math.abs(median / staircaseMedianVolts(stepVolts, dwellSeconds, delta, vC0) - 1)).toBeLessThan(0.005);
  });

  it('have the closed form’s width within three standard errors, σ² of the step added', () => {
    const expected = Math.sqrt(rampSigmaVolts(delta, vC0) ** 2 + stepVolts ** 2 / 12);
    expect(Math.abs(sigma - expected)).toBeLessThan(3 * sigmaError);
  });
});

describe.each([1, 2] as const)('a fit with b = %i', (exponent) => {
  it('gives back Δ and V_c0 of the ramps it was made from', () => {
    const stepVolts = 0.005;
    const volts = simulateRamps(stepVolts, 1e-3, 55, 0.7, exponent, false);
    const steps = Array.from({ length: 200 }, (_, k) => (k + 1) * stepVolts);
    const law = fitSwitchingLaw(volts, steps, 1e-3, exponent);
    expect(law).not.toBeNull();
    if (law === null) return;
    expect(Math.abs(law.delta - 55)).toBeLessThan(3 * law.deltaUncertainty);
    expect(Math.abs(law.vC0 - 0.7)).toBeLessThan(3 * law.vC0Uncertainty);
    expect(law.deltaUncertainty / 55).toBeLessThan(0.02);
  });

  it('does not fit ramps of the other exponent with the same numbers', () => {
    const volts = simulateRamps(0.005, 1e-3, 55, 0.7, exponent, false);
    const steps = Array.from({ length: 200 }, (_, k) => (k + 1) * 0.005);
    const law = fitSwitchingLaw(volts, steps, 1e-3, exponent === 1 ? 2 : 1);
    expect(Math.abs((law?.delta ?? 0) - 55)).toBeGreaterThan(10 * (law?.deltaUncertainty ?? 0));
  });
});
