import type { Command } from 'commander';
import { type FrozenPlan, makePlan } from '../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../acquisition/recipe-file.ts';
import type { BenchFile } from '../drivers/bench-file.ts';
import type { DieSite } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { benchSettings } from './bench-settings.ts';
import { dieChoice } from './die-choice.ts';

/** Options that choose a plan; `plan` and `measure` share them. */
export interface PlanOptions {
  readonly recipe?: string;
  readonly dies?: string;
  readonly cells?: string;
  readonly deadline?: string;
  readonly skipDies?: string;
  readonly repeatDies?: string;
  readonly dieRecipe?: readonly string[];
  readonly rowsAtOnce?: string;
  readonly plan?: string;
}

export function addPlanOptions(command: Command): Command {
  return command
    .option('--recipe <file>', 'recipe (YAML); without it the default recipe')
    .option('--dies <list>', 'ordinals of the dies to measure, e.g. 0,3,7-9; without it all dies of the bench file')
    .option('--skip-dies <list>', 'ordinals of dies to leave out')
    .option('--repeat-dies <list>', 'ordinals of dies to touch and measure a second time after all others')
    .option(
      '--die-recipe <list=file>',
      'another recipe for these dies, e.g. 0,5=careful.yaml; may be given several times',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option('--cells <number>', 'a quick look at about this many cells of each die; without it all cells')
    .option('--plan <mode>', 'full: a loop on every cell; adaptive: quick reads, loops where they are needed', 'full')
    .option('--rows-at-once <number>', 'refused above 1 unless the circuit solver shows at most 0.1 % cross-talk')
    .option('--deadline <hours>', 'refuse a plan that would take longer');
}

export async function planFromOptions(bench: BenchFile, options: PlanOptions): Promise<FrozenPlan> {
  const recipe = await readRecipeFile(options.recipe ?? DEFAULT_RECIPE_FILE);
  const { dies, skipDies, repeatDies, cells, deadline, plan = 'full' } = options;
  const all = bench.wafer.dies;
  if (plan !== 'full' && plan !== 'adaptive') usage('--plan', plan, 'full or adaptive');
  return makePlan({
    recipe,
    bench: benchSettings(bench),
    mode: plan,
    ...(dies !== undefined && { dies: dieChoice(dies, all) }),
    ...(skipDies !== undefined && { skipDies: dieChoice(skipDies, all, '--skip-dies') }),
    ...(repeatDies !== undefined && { repeatDies: dieChoice(repeatDies, all, '--repeat-dies') }),
    dieRecipes: await Promise.all((options.dieRecipe ?? []).map((text) => dieRecipe(text, all))),
    ...(cells !== undefined && { cells: positiveNumber('--cells', cells) }),
    ...(deadline !== undefined && { deadlineSeconds: 3600 * positiveNumber('--deadline', deadline) }),
  });
}

/** "0,5=careful.yaml" */
async function dieRecipe(text: string, dies: readonly DieSite[]) {
  const at = text.indexOf('=');
  if (at < 1) usage('--die-recipe', text, 'dies=file, e.g. 0,5=careful.yaml');
  return {
    dies: dieChoice(text.slice(0, at), dies, '--die-recipe'),
    recipe: await readRecipeFile(text.slice(at + 1)),
  };
}

function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : usage(option, text, 'a number above 0');
}

function usage(option: string, value: string, expected: string): never {
  const remedy = 'See "tunnelbench plan --help".';
  throw new TunnelbenchError('TB_USAGE', { thing: option, what: 'not understood', value, expected, remedy });
}
