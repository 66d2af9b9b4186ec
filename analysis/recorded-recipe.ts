import type { SessionRecord } from '../db/records.ts';
import type { WaferReader } from '../db/wafer-reader.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** What analysis needs of a stored plan: the recipe, and by which plan and on which bench it was carried out. */
export interface RecordedRecipe {
  readonly recipe: Recipe;
  readonly planSha256: string;
  readonly benchName: string;
}

/** The recipe a session measured a die under, from its plan; without a die the one most dies have. TB_ANALYSIS_NO_DATA when the file does not hold the plan. */
export function recordedRecipe(reader: WaferReader, session: SessionRecord, dieOrdinal?: number): RecordedRecipe {
  const plan = reader.plan(session.planId);
  if (plan === null) {
    throw new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
      thing: reader.file,
      what: `the plan of session ${session.id} is not in the file`,
      remedy: 'Run "tunnelbench verify" on the file and go back to a copy that verifies.',
    });
  }
  // Plans are canonical JSON, which writes Infinity as a string.
  const content = JSON.parse(plan.json, (_, value) => (value === 'Infinity' ? Number.POSITIVE_INFINITY : value)) as {
    recipe: Recipe;
    dieRecipes?: readonly { dies: readonly number[]; recipe: Recipe }[];
    bench?: { name?: string };
  };
  const own = content.dieRecipes?.find(({ dies }) => dieOrdinal !== undefined && dies.includes(dieOrdinal));
  return { recipe: own?.recipe ?? content.recipe, planSha256: plan.sha256, benchName: content.bench?.name ?? '' };
}
