import { mean } from 'd3-array';
import { describe, expect, it } from 'vitest';
import { summariseSpreads, switchingSpreads } from '../../analysis/switching-statistics.ts';
import { HEALTHY, recipe, switchingDraw, syntheticSweep } from './synthetic-sweeps.ts';

function repeatSample(cells: number, loops: number, delta: number, driftPerLoop = 0) {
  return Array.from({ length: cells }, (_, cell) => {
    const draw = switchingDraw(cell + 1, delta);
    return Array.from({ length: loops }, (__, loop) => {
      const { toPVolts, toApVolts } = draw();
      const drifted = { toPVolts: toPVolts + driftPerLoop * loop, toApVolts };
      return {
        ...syntheticSweep({ ...HEALTHY, ...drifted }, { seed: cell * loops + loop + 1, index: cell }),
        repeat: loop + 1,
      };
    });
  }).flat();
}

describe('the repeat sample', () => {
  it.each([40, 60])('recovers a thermal stability of %d and V_c0 from repeated loops', (delta) => {
    const spreads = switchingSpreads(repeatSample(12, 50, delta), recipe.programme);
    expect(spreads).toHaveLength(24);
    const laws = spreads.map(({ law }) => law).filter((law) => law !== null);
    expect(laws.length).toBe(24);
    const deviations = laws.map(({ delta: found, deltaUncertainty }) => (found - delta) / deltaUncertainty);
    // The mean of 24 pulls scatters by 0.2 about a small bias of a fit to 50 loops.
    expect(Math.abs(mean(deviations) ?? 9)).toBeLessThan(0.9);
    expect(deviations.every((pull) => Math.abs(pull) < 4)).toBe(true);
    expect(Math.abs((mean(laws, ({ vC0 }) => vC0) ?? 0) - 0.64)).toBeLessThan(0.03);
  });

  it('takes the step of the staircase and a drift out of the spread', () => {
    // Gumbel spread π/√6·V_c0/Δ = 13.7 mV for Δ = 60, V_c0 = 0.64 V.
    const still = summariseSpreads(switchingSpreads(repeatSample(12, 50, 60), recipe.programme));
    expect(still?.sigmaVolts).toBeGreaterThan(0.009);
    expect(still?.sigmaVolts).toBeLessThan(0.019);
    const drifting = switchingSpreads(repeatSample(6, 50, 60, 0.001), recipe.programme);
    const positive = drifting.filter(({ polarity }) => polarity === 'positive');
    expect(mean(positive, ({ driftVolts }) => driftVolts)).toBeCloseTo(0.001, 3);
    expect(mean(positive, ({ sigmaVolts }) => sigmaVolts)).toBeLessThan(0.022);
  });

  it('says nothing from fewer than 30 loops', () => {
    expect(switchingSpreads(repeatSample(2, 29, 60), recipe.programme)).toEqual([]);
    expect(summariseSpreads([])).toBeNull();
  });
});
