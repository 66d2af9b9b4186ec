import { describe, expect, it } from 'vitest';
import { cellSeriesOhms, DEFAULT_ACCESS_PATH, transistorOhmsAt, wholePathOhms } from '../../physics/access-path.ts';
import { ArrayElements } from '../../physics/array-elements.ts';
import { antiparallelOhms, DEFAULT_BIAS_LAW, parallelOhms } from '../../physics/junction-law.ts';

describe('the resistance of a junction', () => {
  it('falls with bias in the antiparallel state as published models do', () => {
    const flatParallel = { tmrHalfVolts: 0.5, parabolaVolts: Number.POSITIVE_INFINITY };
    const expected: [number, number][] = [
      [0.02, 7693.3],
      [0.1, 7538.5],
      [0.2, 7120.7],
      [0.3, 6588.2],
      [0.5, 5600.0],
      [0.6, 5221.3],
    ];
    for (const [volts, ohms] of expected) expect(antiparallelOhms(3500, 1.2, volts, flatParallel)).toBeCloseTo(ohms, 1);
  });

  it('falls by a few per cent up to half a volt in the parallel state, the same for both polarities', () => {
    const drop = 1 - parallelOhms(18_000, 0.5, DEFAULT_BIAS_LAW.parabolaVolts) / 18_000;
    expect(drop).toBeGreaterThan(0.02);
    expect(drop).toBeLessThan(0.1);
    expect(parallelOhms(18_000, -0.5, 2.5)).toBe(parallelOhms(18_000, 0.5, 2.5));
  });
});

describe('a cell as a circuit element', () => {
  const elements = new ArrayElements(1, 1, DEFAULT_BIAS_LAW);
  elements.gP[0] = 1 / 18_000;
  elements.tmr[0] = 1.2;
  elements.gShunt[0] = 1e-6;
  elements.seriesOhms[0] = 500;

  it('carries the current of junction and shunt under what the access path leaves', () => {
    elements.evaluate(0, 0.6);
    const v = elements.junctionVolts;
    const junction = v / antiparallelOhms(18_000, 1.2, v, DEFAULT_BIAS_LAW) + v * 1e-6;
    expect(elements.amps).toBeCloseTo(junction, 15);
    expect(v + 500 * elements.amps).toBeCloseTo(0.6, 13);
  });

  it('states its slope as the difference quotient has it', () => {
    for (const volts of [-0.7, -0.1, 0, 0.02, 0.45]) {
      elements.evaluate(0, volts + 1e-5);
      const above = elements.amps;
      elements.evaluate(0, volts - 1e-5);
      const below = elements.amps;
      elements.evaluate(0, volts);
      expect(elements.slope / ((above - below) / 2e-5)).toBeCloseTo(1, 6);
    }
  });
});

describe('the access path', () => {
  it('adds transistors, lines and two contacts, and stays small against a short', () => {
    expect(wholePathOhms(DEFAULT_ACCESS_PATH, 0, 0)).toBe(22);
    expect(wholePathOhms(DEFAULT_ACCESS_PATH, 99, 199)).toBeCloseTo(36.9, 9);
    expect(cellSeriesOhms(DEFAULT_ACCESS_PATH, 10, 20)).toBeCloseTo(21.5, 9);
  });

  it('grows as the gate voltage falls and is open below the threshold', () => {
    expect(transistorOhmsAt(DEFAULT_ACCESS_PATH, 1.8)).toBeCloseTo(20, 9);
    expect(transistorOhmsAt(DEFAULT_ACCESS_PATH, 1.0)).toBeCloseTo(52, 9);
    expect(transistorOhmsAt(DEFAULT_ACCESS_PATH, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});
