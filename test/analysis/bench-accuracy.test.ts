import { describe, expect, it } from 'vitest';
import { DEFAULT_BENCH_ACCURACY, systematicUncertainty } from '../../analysis/bench-accuracy.ts';
import { createClassifier } from '../../analysis/classify.ts';
import { HEALTHY, recipe, syntheticSweep } from './synthetic-sweeps.ts';

describe('the systematic uncertainty', () => {
  const at = (access: 'pair' | 'aloneA' | 'aloneB' | 'single') =>
    systematicUncertainty(1 / 40_000, access, DEFAULT_BENCH_ACCURACY) * 40_000;

  it('is smallest with one channel, below 1 % in a pair, and large beside a short', () => {
    // The gain, and what the contacts of a hundred rows leave of a neighbour in the other state.
    expect(at('single')).toBeGreaterThan(0.002);
    expect(at('single')).toBeLessThan(0.005);
    expect(at('pair')).toBeGreaterThan(0.005);
    expect(at('pair')).toBeLessThan(0.01);
    expect(at('aloneA')).toBeGreaterThan(0.2);
    expect(at('aloneB')).toBe(at('aloneA'));
  });

  it('is part of every resistance, never of the question whether a cell switched', () => {
    const { classify } = createClassifier(recipe.programme, recipe.thresholds);
    const sweep = syntheticSweep(HEALTHY);
    const [pair, alone, single] = (['pair', 'aloneA', 'single'] as const).map((access) =>
      classify({ ...sweep, access }),
    );
    expect((pair.rApUncertainty ?? 0) / (pair.rAp ?? 1)).toBeGreaterThan(0.005);
    expect((single.rApUncertainty ?? 0) / (single.rAp ?? 1)).toBeLessThan(0.005);
    expect(alone.rAp).toBe(single.rAp);
    expect(alone.class).toBe('healthy');
  });
});
