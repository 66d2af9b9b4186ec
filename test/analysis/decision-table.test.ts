import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellFlag } from '../../analysis/cell-flags.ts';
import {
  DIMENSIONS,
  type Dimension,
  decide,
  matchingRows,
  type Situation,
  situationOf,
  type Verdict,
} from '../../analysis/decision-table.ts';
import { decisionTableMarkdown } from '../../analysis/decision-table-markdown.ts';
import { CELL_CLASSES, type ClassThresholds } from '../../wafer/cell-class.ts';
import { recipe } from './synthetic-sweeps.ts';

const { thresholds } = recipe;

const ohms = fc.oneof(
  fc.constant(null),
  fc.double({ min: 0, max: 1e12 }),
  fc.constantFrom(0, 100, 1e3, 1.2e4, 1e6, Number.POSITIVE_INFINITY, Number.NaN, -5),
);
const verdicts: fc.Arbitrary<Verdict> = fc.record({
  measured: fc.boolean(),
  rLow: ohms,
  rHigh: ohms,
  switched: fc.constantFrom('yes', 'no', 'contradictory'),
  limited: fc.boolean(),
  stable: fc.boolean(),
});
const anyThresholds: fc.Arbitrary<ClassThresholds> = fc
  .tuple(fc.double({ min: 10, max: 1e4, noNaN: true }), fc.double({ min: 1, max: 100, noNaN: true }))
  .map(([short, factor]) => ({
    ...thresholds,
    shortedBelowOhms: short,
    subparBelowOhms: short * factor,
    openAboveOhms: short * factor * 100,
  }));

function everySituation(): Situation[] {
  let situations: Partial<Record<Dimension, string>>[] = [{}];
  for (const dimension of Object.keys(DIMENSIONS) as Dimension[]) {
    situations = situations.flatMap((one) => DIMENSIONS[dimension].map((value) => ({ ...one, [dimension]: value })));
  }
  return situations as Situation[];
}

describe('the decision table', () => {
  it('has exactly one row for every situation', () => {
    const situations = everySituation();
    expect(situations.length).toBe(2 * 5 * 3 * 2 * 2 * 2);
    for (const situation of situations) {
      expect(matchingRows(situation), JSON.stringify(situation)).toHaveLength(1);
    }
  });

  it('gives every verdict one class under any ordered thresholds', () => {
    fc.assert(
      fc.property(verdicts, anyThresholds, (verdict, limits) => {
        const [row, ...others] = matchingRows(situationOf(verdict, limits));
        expect(others).toEqual([]);
        expect(decide(verdict, limits)).toBe(row.class);
      }),
      { numRuns: 2000 },
    );
  });

  it('reaches every class', () => {
    const reached = new Set(everySituation().map((situation) => matchingRows(situation)[0].class));
    expect([...reached].sort()).toEqual([...CELL_CLASSES].sort());
  });

  it('never calls a cell below the subpar bound healthy, nor one that did not switch or was limited', () => {
    const healthy = everySituation().filter((situation) => matchingRows(situation)[0].class === 'healthy');
    expect(healthy.length).toBeGreaterThan(0);
    for (const { rLow, switched, limited } of healthy) {
      expect({ rLow, switched, limited }).toEqual({ rLow: 'normal', switched: 'yes', limited: 'no' });
    }
  });

  it('puts a boundary value on its upper side', () => {
    const at = (rLow: number, rHigh: number, switched: 'yes' | 'no') =>
      decide({ measured: true, rLow, rHigh, switched, limited: false, stable: true }, thresholds);
    expect(at(12_000, 24_000, 'yes')).toBe('healthy');
    expect(at(11_999, 24_000, 'yes')).toBe('subpar');
    expect(at(12_000, 18_000, 'yes')).toBe('healthy');
    expect(at(12_000, 17_999, 'yes')).toBe('weak');
    expect(at(1_000, 1_000, 'no')).toBe('stuck');
    expect(at(999, 999, 'no')).toBe('shorted');
    expect(at(1e6, 1e6, 'no')).toBe('stuck');
    expect(at(1.001e6, 1.001e6, 'no')).toBe('open');
  });

  it('is printed in docs/classes.md as it is, with every flag', async () => {
    const document = await readFile(new URL('../../docs/classes.md', import.meta.url), 'utf8');
    expect(document).toContain(`\n${decisionTableMarkdown()}\n`);
    for (const [name, bit] of Object.entries(CellFlag)) {
      expect(document).toContain(`| 0x${bit.toString(16).padStart(4, '0')} | \`${name}\` |`);
    }
  });
});
