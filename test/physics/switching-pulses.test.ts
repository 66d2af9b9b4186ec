import { describe, expect, it } from 'vitest';
import { DEFAULT_DAMPING_SECONDS, pulseProbability, writeErrorRate } from '../../physics/pulse-switching.ts';
import { switchingProbability } from '../../physics/switching.ts';

const junction = { delta: 60, vC0: 0.8, exponent: 1, dampingSeconds: DEFAULT_DAMPING_SECONDS } as const;

describe('one pulse on one junction', () => {
  it('follows the thermal law below V_c0', () => {
    for (const volts of [0.3, 0.5, 0.55, 0.58]) {
      expect(pulseProbability(volts, 1e-3, junction)).toBeCloseTo(switchingProbability(volts, 1e-3, 60, 0.8), 14);
    }
  });

  it.each([1e-8, 1e-6, 1e-4])('never falls with the voltage, through V_c0, for %f s', (seconds) => {
    let before = 0;
    for (let volts = 0; volts < 1.6; volts += 0.001) {
      const now = pulseProbability(volts, seconds, junction);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(before).toBeGreaterThan(0.99);
  });

  it('has write errors that fall as exp(−2(i − 1)t/τ_D) for long pulses', () => {
    const atTwice = (seconds: number) => writeErrorRate(1.6, seconds, junction);
    const ratio = atTwice(10e-9) / atTwice(12e-9);
    expect(ratio).toBeCloseTo(Math.exp((2 * 2e-9) / DEFAULT_DAMPING_SECONDS), 2);
    // (π²Δ/4)·((i − 1)/i) is the factor before it.
    expect(atTwice(12e-9) / Math.exp((-2 * 12e-9) / DEFAULT_DAMPING_SECONDS)).toBeCloseTo((Math.PI ** 2 * 60) / 8, 2);
  });

  it('has continuous write errors at V_c0', () => {
    expect(writeErrorRate(0.8 * (1 + 2e-9), 1e-8, junction)).toBeCloseTo(writeErrorRate(0.8, 1e-8, junction), 6);
  });

  it('disturbs a read hardly ever', () => {
    expect(pulseProbability(0.1, 1, junction) / 1.6e-14).toBeCloseTo(1, 1);
    expect(pulseProbability(0.1, 1, { ...junction, delta: 40 }) / 6.3e-7).toBeCloseTo(1, 1);
  });
});
