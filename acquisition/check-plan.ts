import type { Recipe } from '../wafer/recipe.ts';
import { type ErrorCode, TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatQuantity } from '../wafer/units.ts';
import type { BenchSettings } from './bench-settings.ts';
import { largestLimitAmps, programmeExtremes } from './pad-extremes.ts';

/**
 * Holds the recipe against the bench. Limits: the bench's always win (TB_PLAN_OVER_LIMIT). Facts of the bench that the
 * recipe was written for (gate, supply, polarity) must agree: TB_PLAN_INVALID. Access: TB_BENCH_CANNOT_REALISE.
 */
export function checkAgainstBench(recipe: Recipe, bench: BenchSettings): void {
  checkAccess(recipe, bench);
  checkAgreement(recipe, bench);
  checkLimits(recipe, bench);
}

function checkAccess({ access }: Recipe, bench: BenchSettings): void {
  if (bench.access.includes(access)) return;
  const allowed = bench.access.join(', ') || 'none';
  fail(
    'TB_BENCH_CANNOT_REALISE',
    'access scheme',
    'the bench does not offer it',
    access,
    allowed,
    'Change the recipe.',
  );
}

function checkAgreement(recipe: Recipe, bench: BenchSettings): void {
  const facts: [string, string | number, string | number][] = [
    ['polarity.apToP', recipe.apToP, bench.apToP],
    ['enable.volts', recipe.enable.volts, bench.gateVolts],
    ['supplies.vddVolts', recipe.supplies.vddVolts, bench.supplies.vdd.volts],
  ];
  for (const [name, ofRecipe, ofBench] of facts) {
    if (ofRecipe === ofBench) continue;
    const remedy = 'Recipe and bench file must agree, so that nobody drives one bench with the values of another.';
    fail('TB_PLAN_INVALID', name, 'recipe and bench file differ', `recipe ${ofRecipe}`, `bench ${ofBench}`, remedy);
  }
}

function checkLimits(recipe: Recipe, bench: BenchSettings): void {
  const { programme, limits, supplies } = recipe;
  const { junctionVolts, padVolts } = programmeExtremes(programme);
  const alone = bench.aloneColumnLimitAmps ?? 0;
  const upper: [string, number, number, string][] = [
    ['junction voltage of the programme', junctionVolts, limits.junctionVolts, 'V'],
    ['recipe limits.junctionVolts', limits.junctionVolts, bench.limits.junctionVolts, 'V'],
    ['source range', junctionVolts, bench.sourceRangeVolts, 'V'],
    ['pad voltage of the programme', padVolts.max, Math.min(limits.padVolts.max, bench.limits.padVolts.max), 'V'],
    ['gate voltage', bench.gateVolts, bench.limits.padVolts.max, 'V'],
    ['recipe limits.padVolts.max', limits.padVolts.max, bench.limits.padVolts.max, 'V'],
    ['recipe limits.padVolts.min (sign changed)', -limits.padVolts.min, -bench.limits.padVolts.min, 'V'],
    ['current limit of the programme', largestLimitAmps(programme), bench.limits.limitAmps, 'A'],
    ['smu.aloneColumnLimitAmps of the bench file', alone, bench.limits.lineAmps ?? Number.POSITIVE_INFINITY, 'A'],
    ['supplies.limitAmps', supplies.limitAmps, bench.supplies.vdd.limitAmps, 'A'],
  ];
  for (const [name, value, limit, unit] of upper) {
    if (value <= limit) continue;
    const most = `at most ${formatQuantity(limit, unit)}`;
    const remedy = 'Lower what is named; a limit of the bench is never raised by a recipe.';
    fail('TB_PLAN_OVER_LIMIT', name, 'above the limit', formatQuantity(value, unit), most, remedy);
  }
}

function fail(code: ErrorCode, thing: string, what: string, value: string, expected: string, remedy: string): never {
  throw new TunnelbenchError(code, { thing, what, value, expected, remedy });
}
