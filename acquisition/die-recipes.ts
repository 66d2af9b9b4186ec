import type { DieSite } from '../wafer/die.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { AdaptiveRules } from './adaptive-rules.ts';

/** What of a plan follows from a recipe. */
export interface RecipePart {
  readonly recipe: Recipe;
  /** Pairs measured again on schedule; a drift of their resistance raises an alarm. */
  readonly referencePairs: readonly number[];
  /** Pairs whose loop is repeated, for the spread of the switching voltages. */
  readonly repeatPairs: readonly number[];
  /** Present in an adaptive plan; its quick read stands in recipe.programme.quick. */
  readonly adaptive?: AdaptiveRules;
}

/** Some dies of a plan that have another recipe than the others. */
export interface DieRecipe extends RecipePart {
  /** Ordinals, ascending. */
  readonly dies: readonly number[];
}

/** What of a plan says which die has which recipe. */
export interface RecipesByDie extends RecipePart {
  readonly dies: readonly DieSite[];
  readonly dieRecipes?: readonly DieRecipe[];
}

/** The plan as one die sees it: with its own recipe and the samples that follow from it. */
export function planOfDie<Plan extends RecipesByDie>(plan: Plan, dieOrdinal: number): Plan {
  const own = plan.dieRecipes?.find(({ dies }) => dies.includes(dieOrdinal));
  if (own === undefined) return plan;
  const { adaptive: _ofTheOthers, ...rest } = plan;
  const { dies: _dies, ...part } = own;
  return { ...rest, ...part } as Plan;
}

/** The recipes of a plan, each with the dies it is for, in the order of measuring; one that no die has is left out. */
export function recipesOf<Plan extends RecipesByDie>(
  plan: Plan,
): readonly { readonly part: Plan; readonly dies: readonly number[] }[] {
  const own = (plan.dieRecipes ?? []).map(({ dies }) => ({ part: planOfDie(plan, dies[0]), dies }));
  const taken = new Set(own.flatMap(({ dies }) => dies));
  const rest = plan.dies.map(({ ordinal }) => ordinal).filter((ordinal) => !taken.has(ordinal));
  const all = rest.length === 0 ? own : [{ part: plan, dies: rest }, ...own];
  return all.toSorted((a, b) => a.dies[0] - b.dies[0]);
}

/**
 * One plan, one meaning of its classes: yields and wafer maps compare its dies, and the file stores one set of
 * thresholds with a plan. Throws TB_PLAN_INVALID when recipes differ in them.
 */
export function requireSameClasses(plan: RecipesByDie): void {
  const expected = JSON.stringify(plan.recipe.thresholds);
  for (const { recipe, dies } of plan.dieRecipes ?? []) {
    if (JSON.stringify(recipe.thresholds) === expected) continue;
    throw new TunnelbenchError('TB_PLAN_INVALID', {
      thing: `recipe ${recipe.name} of die ${dies.join(', ')}`,
      what: 'its class thresholds differ from those of the plan’s other recipe, so that their yields could not be compared',
      value: JSON.stringify(recipe.thresholds),
      expected,
      remedy:
        'Give both recipes the same classes; "tunnelbench analyse" looks at stored sweeps under other thresholds.',
    });
  }
}
