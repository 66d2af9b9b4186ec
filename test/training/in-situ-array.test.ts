import { describe, expect, it } from 'vitest';
import { DEFAULT_PULSES, type PulseSettings } from '../../training/in-situ/amplitude.ts';
import { DEFAULT_JUNCTIONS, type JunctionPopulation } from '../../training/in-situ/junctions.ts';
import { SoftwareArray } from '../../training/in-situ/software-array.ts';

interface Choices {
  readonly rows?: number;
  readonly columns?: number;
  readonly pairs?: number;
  readonly junctions?: Partial<JunctionPopulation>;
  readonly pulses?: Partial<PulseSettings>;
  readonly seed?: number;
}

function arrayOf({ rows = 100, columns = 90, pairs = 1, junctions, pulses, seed = 1 }: Choices = {}): SoftwareArray {
  return new SoftwareArray({
    rows,
    columns,
    pairsPerWeight: pairs,
    junctions: { ...DEFAULT_JUNCTIONS, ...junctions },
    pulses: { ...DEFAULT_PULSES, policy: 'shared', ...pulses },
    passive: null,
    key: [seed],
  });
}

/** Puts every weight to −1 and returns how many junctions one update of `wanted` moves, over all. */
function shareMoved(array: SoftwareArray, wanted: number): number {
  const { parallel, count } = array.junctions;
  for (let d = 0; d < count; d++) parallel[d] = d % 2;
  array.pulse(new Float32Array(array.rows * array.columns).fill(wanted));
  return array.ledger.flips / count;
}

describe('a simulated array', () => {
  it.each(['shared', 'calibrated', 'gated'] as const)('moves junctions with the probability wanted: %s', (policy) => {
    for (const wanted of [0.003, 0.05, 0.5]) {
      const array = arrayOf({ pairs: 3, pulses: { policy } });
      const tolerance = 5 * Math.sqrt(wanted / array.junctions.count);
      // Few ramps leave a calibrated amplitude some scatter: 0.7 % of V_c0, a third in ln of the hazard.
      const scatter = policy === 'calibrated' ? 0.15 * wanted : 0;
      expect(Math.abs(shareMoved(array, wanted) - wanted)).toBeLessThan(tolerance + scatter);
    }
  });

  it('loses that probability to a spread of V_c0 with a shared amplitude, keeps it with the other two', () => {
    const moved = (policy: 'shared' | 'calibrated' | 'gated') =>
      shareMoved(arrayOf({ pairs: 3, junctions: { vC0Sigma: 0.1, deltaSigma: 0.1 }, pulses: { policy } }), 0.01);
    expect(moved('shared')).toBeGreaterThan(0.1);
    expect(moved('calibrated')).toBeGreaterThan(0.007);
    expect(moved('calibrated')).toBeLessThan(0.015);
    expect(moved('gated')).toBeGreaterThan(0.008);
    expect(moved('gated')).toBeLessThan(0.012);
  });

  it('moves nothing that is in the wanted state already, and nothing that is not asked', () => {
    const array = arrayOf();
    const { parallel } = array.junctions;
    for (let d = 0; d < parallel.length; d++) parallel[d] = 1 - (d % 2);
    array.pulse(new Float32Array(9000).fill(1));
    expect(array.ledger.flips).toBe(0);
    array.pulse(new Float32Array(9000));
    expect(array.ledger).toMatchObject({ updates: 2, pulses: 18_000 });
  });

  it('reads ±1 from devices all alike, between for a compound of both', () => {
    const array = arrayOf({ rows: 1, columns: 2, pairs: 2, junctions: { resistanceSigma: 0 } });
    // Replica 0: weights +1, −1; replica 1: +1, +1.
    array.junctions.parallel.set([1, 0, 0, 1, 1, 0, 1, 0]);
    const weights = new Float32Array(2);
    array.read(weights);
    expect(weights[0]).toBeCloseTo(1, 6);
    expect(weights[1]).toBeCloseTo(0, 6);
  });

  it('never goes beyond the ceiling, and counts what that cut short', () => {
    const array = arrayOf({ junctions: { vC0Sigma: 0.3 }, pulses: { policy: 'calibrated' } });
    const stuck = shareMoved(array, 1);
    expect(array.ledger.limited).toBeGreaterThan(0);
    expect(stuck).toBeLessThan(1);
    // Energy bounds the voltage: no pulse took more than the ceiling across the best conductor.
    const { pulses, joules } = array.ledger;
    const best = array.junctions.siemensP.reduce((most, siemens) => Math.max(most, siemens), 0);
    expect(joules / pulses).toBeLessThanOrEqual(0.8 ** 2 * DEFAULT_PULSES.seconds * best);
  });

  it('leaves a junction that cannot switch alone', () => {
    const array = arrayOf({ junctions: { stuckShare: 1 }, pulses: { policy: 'gated' } });
    expect(shareMoved(array, 1)).toBe(0);
  });

  it('needs steps by columns for cell-wise probabilities and eight for an outer product, whatever the rows', () => {
    for (const rows of [10, 100]) {
      for (const columns of [5, 90]) {
        const cellWise = arrayOf({ rows, columns });
        cellWise.pulse(
          Float32Array.from({ length: rows * columns }, (_, i) => (i < rows * columns - columns ? 0.1 : -0.1)),
        );
        expect(cellWise.ledger.steps).toBe(4 * columns);
        const outer = arrayOf({ rows, columns });
        outer.pulseOuter(new Float32Array(rows).fill(0.3), new Float32Array(columns).fill(-0.3));
        expect(outer.ledger).toMatchObject({ updates: 1, steps: 8, pulses: 2 * rows * columns });
      }
    }
  });

  it('refuses outer products where the amplitude is a cell’s own', () => {
    const array = arrayOf({ pulses: { policy: 'calibrated' } });
    expect(() => array.pulseOuter(new Float32Array(100), new Float32Array(90))).toThrow(/TB_TRAINING_PARAMETER/);
  });

  it('is the same for the same key and another for another', () => {
    const draw = (seed: number) => {
      const array = arrayOf({ seed });
      array.pulse(new Float32Array(9000).fill(0.2));
      return [...array.junctions.parallel.subarray(0, 200)].join('');
    };
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });
});
