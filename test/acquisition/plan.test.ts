import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../acquisition/canonical-json.ts';
import { alternatives } from '../../acquisition/deadline.ts';
import { dryRun } from '../../acquisition/dry-run.ts';
import { estimatePlan } from '../../acquisition/duration-estimate.ts';
import { pairAt, pairsOfDie, spreadPairs } from '../../acquisition/pair-order.ts';
import { makePlan, pairIndexAt, pairPositions, positionCount, thawPlan } from '../../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { type CrossbarGeometry, DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';
import { consecutivePadMap } from '../../wafer/pad-map.ts';
import { memoryPlan, memorySettings, quickRecipe } from './memory-session.ts';

const recipe = await readRecipeFile(DEFAULT_RECIPE_FILE);
const bench = memorySettings({
  geometry: DEFAULT_GEOMETRY,
  padMap: consecutivePadMap(DEFAULT_GEOMETRY),
  wafer: { id: 'W', dies: DEFAULT_DIES },
});

const geometries: fc.Arbitrary<CrossbarGeometry> = fc
  .record({ rows: fc.integer({ min: 1, max: 40 }), lines: fc.integer({ min: 1, max: 40 }), per: fc.constantFrom(1, 2) })
  .map(({ rows, lines, per }) => ({ rows, columns: lines * per, columnsPerEnableLine: per as 1 | 2 }));

describe('a plan', () => {
  it('is one text and one hash whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        return canonicalJson(value) === canonicalJson(reversed);
      }),
    );
    expect(makePlan({ recipe, bench }).record.sha256).toBe(makePlan({ bench, recipe }).record.sha256);
  });

  it('comes back from its text as it was, and is refused when the text was changed', () => {
    const { record, plan } = makePlan({ recipe, bench });
    expect(thawPlan(record).plan).toEqual(plan);
    const changed = { ...record, json: record.json.replace('"junctionVolts":0.8', '"junctionVolts":0.9') };
    expect(() => thawPlan(changed)).toThrow(/TB_PLAN_INVALID/);
  });

  it('is frozen', () => {
    const { plan } = makePlan({ recipe, bench });
    expect(() => Object.assign(plan.recipe.limits, { junctionVolts: 2 })).toThrow(TypeError);
  });

  it('visits every pair once and changes the enable line as rarely as possible', () => {
    fc.assert(
      fc.property(geometries, (geometry) => {
        const pairs = Array.from({ length: pairsOfDie(geometry) }, (_, index) => pairAt(geometry, index));
        const seen = new Set(
          pairs.flatMap(({ row, columns }) => [columns.A, columns.B].map((c) => c !== null && `${row} ${c}`)),
        );
        seen.delete(false);
        const changes = pairs.filter(({ enableLine }, i) => i > 0 && enableLine !== pairs[i - 1].enableLine).length;
        const lines = geometry.columns / geometry.columnsPerEnableLine;
        return seen.size === geometry.rows * geometry.columns && changes === lines - 1;
      }),
    );
  });

  it('spreads a quick look over rows and enable lines', () => {
    fc.assert(
      fc.property(geometries, fc.integer({ min: 1, max: 3000 }), (geometry, cells) => {
        const pairs = spreadPairs(geometry, cells);
        const wanted = Math.ceil(cells / geometry.columnsPerEnableLine);
        if (pairs === null) return wanted >= pairsOfDie(geometry);
        const ascending = pairs.every((pair, i) => i === 0 || pair > pairs[i - 1]);
        return pairs.length === wanted && ascending && pairs.every((pair) => pair < pairsOfDie(geometry));
      }),
    );
    const quick = spreadPairs(DEFAULT_GEOMETRY, 200) as number[];
    expect(new Set(quick.map((pair) => pair % 100)).size).toBe(10);
    expect(new Set(quick.map((pair) => Math.floor(pair / 100))).size).toBe(10);
  });

  it('adds the repeat sample behind the pairs, chosen by its seed', () => {
    const { plan } = makePlan({ recipe, bench });
    expect(pairPositions(plan)).toBe(10_000);
    expect(positionCount(plan)).toBe(10_010);
    expect(pairIndexAt(plan, 10_003)).toBe(plan.repeatPairs[3]);
    expect(plan.referencePairs).toHaveLength(5);
    const other = makePlan({ recipe: { ...recipe, repeatSample: { ...recipe.repeatSample, seed: 2 } }, bench });
    expect(other.plan.repeatPairs).not.toEqual(plan.repeatPairs);
  });

  it.each([
    ['a ceiling above the bench’s', { limits: { ...bench.limits, junctionVolts: 0.75 } }, 'TB_PLAN_OVER_LIMIT'],
    ['a current limit above the bench’s', { limits: { ...bench.limits, limitAmps: 5e-4 } }, 'TB_PLAN_OVER_LIMIT'],
    ['pads above the bench’s', { limits: { ...bench.limits, padVolts: { min: 0, max: 1.9 } } }, 'TB_PLAN_OVER_LIMIT'],
    ['another gate voltage', { gateVolts: 1.2 }, 'TB_PLAN_INVALID'],
    ['another polarity', { apToP: 'negative' as const }, 'TB_PLAN_INVALID'],
    ['an access scheme it lacks', { access: ['single' as const] }, 'TB_BENCH_CANNOT_REALISE'],
    [
      'lines that cannot carry what the source gives a column beside half-selected cells',
      { aloneColumnLimitAmps: 5e-3, limits: { ...bench.limits, lineAmps: 2e-3 } },
      'TB_PLAN_OVER_LIMIT',
    ],
    ['a source range that is too small', { sourceRangeVolts: 0.2 }, 'TB_PLAN_OVER_LIMIT'],
  ])('is refused for a bench with %s', (_, change, code) => {
    expect(() => makePlan({ recipe, bench: { ...bench, ...change } })).toThrow(code);
  });

  it('is refused for a die the wafer does not have', () => {
    expect(() => makePlan({ recipe, bench, dies: [36] })).toThrow(/no such die/);
  });
});

describe('the dry run', () => {
  it('tells extremes, time and size of the default wafer', () => {
    const run = dryRun(makePlan({ recipe, bench }));
    expect(run.extremes.junctionVolts).toBe(0.7);
    expect(run.extremes.padVolts).toEqual({ min: 0, max: 0.7 });
    expect(run.cellsPerDie).toBe(20_000);
    expect(run.estimate.pointsPerSweep).toBe(118);
    // Two columns at a time, about 80 ms a pair with routing: 8 to 10 hours.
    expect(run.estimate.pairSeconds).toBeGreaterThan(0.06);
    expect(run.estimate.pairSeconds).toBeLessThan(0.1);
    expect(run.estimate.totalSeconds / 3600).toBeGreaterThan(8);
    expect(run.estimate.totalSeconds / 3600).toBeLessThan(10);
    expect(run.estimate.bytes / 1e9).toBeGreaterThan(0.9);
  });

  it('refuses a plan beyond its deadline and names alternatives in hours, the shortest first', () => {
    const frozen = makePlan({ recipe, bench, deadlineSeconds: 4 * 3600 });
    expect(() => dryRun(frozen)).toThrow(/TB_DEADLINE_EXCEEDED/);
    expect(() => dryRun(frozen)).toThrow(/of the 36 dies: 3\.\d\d h.*no repeat sample: \d\.\d\d h/);
  });

  it('names what would fit and what is still too long, the adaptive plan among them', () => {
    const all = alternatives(makePlan({ recipe, bench, repeatDies: [0] }).plan, 4 * 3600);
    expect(all.map(({ hours }) => hours)).toEqual(all.map(({ hours }) => hours).toSorted((a, b) => a - b));
    expect(all.every(({ hours, fits }) => fits === hours <= 4)).toBe(true);
    const named = (text: string) => all.find(({ change }) => change.startsWith(text));
    expect(named('--plan adaptive')?.fits).toBe(true);
    expect(named('17 of the 36 dies')?.fits).toBe(true);
    expect(named('no die a second time')?.fits).toBe(false);
    const adaptive = makePlan({ recipe, bench, mode: 'adaptive' }).plan;
    expect(named('--plan adaptive')?.hours).toBeCloseTo((37 / 36) * (estimatePlan(adaptive).totalSeconds / 3600), 1);
  });

  it('adds up dies under their own recipes, and tells limits of cells and columns apart', () => {
    const slow = { ...recipe, name: 'slow', repeatSample: { ...recipe.repeatSample, cellsPerDie: 200 } };
    const limits = { ...bench.limits, lineAmps: 6e-3 };
    const choice = { recipe, bench: { ...bench, limits, aloneColumnLimitAmps: 5e-3 } };
    const plain = dryRun(makePlan(choice));
    const mixed = dryRun(makePlan({ ...choice, dieRecipes: [{ dies: [0, 5], recipe: slow }], repeatDies: [5] }));
    const [ofSlow, ofDefault] = mixed.recipes;
    expect([ofSlow.name, ofSlow.dies, ofDefault.dies.length]).toEqual(['slow', [0, 5], 34]);
    expect(ofSlow.dieSeconds).toBeGreaterThan(ofDefault.dieSeconds);
    expect(mixed.estimate.totalSeconds).toBeCloseTo(34 * ofDefault.dieSeconds + 3 * ofSlow.dieSeconds, 6);
    expect(plain.estimate.totalSeconds).toBeCloseTo(36 * ofDefault.dieSeconds, 6);
    expect(plain.currents).toEqual({
      cellAmps: 1e-3,
      cellCeilingAmps: 1e-3,
      aloneColumnAmps: 5e-3,
      lineCeilingAmps: 6e-3,
    });
  });

  it('accepts the small plan of a quick look', () => {
    const frozen = memoryPlan({ recipe: quickRecipe(), cells: 8, deadlineSeconds: 60 });
    expect(dryRun(frozen).estimate.totalSeconds).toBeLessThan(60);
  });
});
