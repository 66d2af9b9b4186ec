import { describe, expect, it } from 'vitest';
import {
  rampMedianVolts,
  rampSigmaVolts,
  staircaseMedianVolts,
  staircaseSurvival,
  switchingProbability,
  vC0ForMedian,
} from '../../physics/switching.ts';

describe('thermally activated switching', () => {
  it('has the tabulated probabilities for Δ 60, V_c0 0.8 V, b = 1', () => {
    expect(switchingProbability(0.5, 1e-3, 60, 0.8)).toBeCloseTo(1.692e-4, 7);
    expect(switchingProbability(0.55, 1e-3, 60, 0.8)).toBeCloseTo(7.168e-3, 6);
    expect(switchingProbability(0.6, 1e-3, 60, 0.8)).toBeCloseTo(0.2635, 4);
    expect(switchingProbability(0.5, 20e-3, 60, 0.8)).toBeCloseTo(3.378e-3, 6);
    expect(switchingProbability(0.1, 1, 60, 0.8) / 1.6e-14).toBeCloseTo(1, 1);
  });

  it('hinders the other direction, and has no barrier left above V_c0', () => {
    expect(switchingProbability(-0.5, 1, 60, 0.8)).toBeLessThan(1e-25);
    expect(switchingProbability(0.9, 1e-6, 60, 0.8)).toBe(1);
  });

  it('has the tabulated ramp medians and widths', () => {
    expect(rampMedianVolts(0.1, 60, 0.8)).toBeCloseTo(0.5457, 4);
    expect(rampMedianVolts(1, 60, 0.8)).toBeCloseTo(0.5764, 4);
    expect(rampMedianVolts(0.1, 40, 0.8)).toBeCloseTo(0.4104, 4);
    expect(rampMedianVolts(0.1, 60, 0.6)).toBeCloseTo(0.4121, 4);
    expect(rampSigmaVolts(60, 0.8)).toBeCloseTo(0.0171, 4);
    expect(rampSigmaVolts(40, 0.8)).toBeCloseTo(0.0257, 4);
  });

  it('goes over from staircase to ramp as the steps become small, for both exponents', () => {
    expect(staircaseMedianVolts(1e-4, 1e-3, 60, 0.8)).toBeCloseTo(rampMedianVolts(0.1, 60, 0.8), 3);
    expect(staircaseMedianVolts(1e-4, 1e-3, 60, 0.8, 2)).toBeCloseTo(0.351, 3);
  });

  it('finds the V_c0 that puts the median where it is wanted', () => {
    const vC0 = vC0ForMedian(0.5, 0.025, 3e-4, 60);
    expect(staircaseMedianVolts(0.025, 3e-4, 60, vC0)).toBeCloseTo(0.5, 5);
    // Booked in the middle of its step, V_sw of such a junction has that voltage as its mean, to a few millivolts.
    const steps = Array.from({ length: 40 }, (_, k) => 0.025 * k);
    const survival = (count: number) => staircaseSurvival(steps.slice(0, count), 3e-4, 60, vC0);
    const mean = steps.reduce((sum, volts, k) => sum + (survival(k) - survival(k + 1)) * (volts - 0.0125), 0);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
  });
});
