import { describe, expect, it } from 'vitest';
import { type CardWiring, crossTalkOf } from '../../physics/parallel-rows.ts';
import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';

const DEFAULT_WIRING: CardWiring = { contactOhms: 1, transistorOhms: 20, ohmsPerPitch: 0.05 };
/** Channels that sense at the pad, and lines that hardly resist. */
const KELVIN: CardWiring = { contactOhms: 0.001, transistorOhms: 20, ohmsPerPitch: 0.0001 };

describe('cross-talk of cells that are measured at once', () => {
  it('of the pair, beside a healthy partner, is what both share: the row’s contact and line', () => {
    const { deviation, channels, cellsAtOnce } = crossTalkOf('pair', 1, DEFAULT_GEOMETRY, DEFAULT_WIRING);
    // V/I_A − R = shared ohms × I_B/I_A: 1 Ω and 198 pitches, against 18 kΩ, transistors and lines.
    expect(deviation.healthy).toBeCloseTo((1 + 198 * 0.05) / 18_040, 5);
    expect([channels, cellsAtOnce]).toEqual([3, 2]);
  });

  it('of the pair, beside an open partner, comes through the floating rows, because only one column drops', () => {
    const near = crossTalkOf('pair', 1, { ...DEFAULT_GEOMETRY, rows: 10 }, DEFAULT_WIRING).deviation.open;
    const far = crossTalkOf('pair', 1, DEFAULT_GEOMETRY, DEFAULT_WIRING).deviation.open;
    expect(near).toBeLessThan(1e-3);
    expect(far).toBeGreaterThan(5e-3);
    expect(crossTalkOf('pair', 1, DEFAULT_GEOMETRY, KELVIN).deviation.open).toBeLessThan(1e-3);
  });

  it('beside a short is out of the question for the pair and for rows of a column alike', () => {
    expect(crossTalkOf('pair', 1, DEFAULT_GEOMETRY, DEFAULT_WIRING).deviation.shorted).toBeGreaterThan(0.01);
    expect(crossTalkOf('rowsOfColumn', 3, DEFAULT_GEOMETRY, DEFAULT_WIRING).deviation.shorted).toBeGreaterThan(0.01);
  });

  it('of rows of a column grows with the rows, and falls below 0.1 % with every partner where hardly anything is shared', () => {
    const healthy = [2, 3, 4, 8].map(
      (rows) => crossTalkOf('rowsOfColumn', rows, DEFAULT_GEOMETRY, DEFAULT_WIRING).deviation.healthy,
    );
    expect(healthy).toEqual(healthy.toSorted((a, b) => a - b));
    expect(healthy[0]).toBeGreaterThan((1 + 100 * 0.05) / 18_040);
    const { deviation, channels, cellsAtOnce } = crossTalkOf('rowsOfColumn', 4, DEFAULT_GEOMETRY, KELVIN);
    expect(Math.max(deviation.healthy, deviation.open, deviation.shorted)).toBeLessThan(1e-3);
    expect([channels, cellsAtOnce]).toEqual([6, 4]);
  });
});
