import type { ProgrammingRecipe, Recipe } from '../../wafer/recipe.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Plan } from '../plan.ts';

/** The part of the plan's recipe that says how cells are written; TB_PLAN_INVALID where it has none. */
export function programmingOf({ recipe }: Plan): ProgrammingRecipe {
  if (recipe.programming !== undefined) return recipe.programming;
  throw new TunnelbenchError('TB_PLAN_INVALID', {
    thing: `recipe ${recipe.name}`,
    what: 'it does not say how single cells are written',
    value: 'no part "programming"',
    expected: 'amplitudes, pulses, read and stress budget, as in the default recipe',
    remedy: 'Add the part to the recipe; nothing was energised.',
  });
}

/** Sign of column minus row that writes the state. */
export function writeSign({ apToP }: Pick<Recipe, 'apToP'>, state: 'P' | 'AP'): 1 | -1 {
  return (apToP === 'positive') === (state === 'P') ? 1 : -1;
}
