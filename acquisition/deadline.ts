import type { Recipe } from '../wafer/recipe.ts';
import type { Segment } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { planOfDie, type RecipePart } from './die-recipes.ts';
import { estimateDie, estimatePlan } from './duration-estimate.ts';
import type { Plan } from './plan.ts';

export interface Alternative {
  readonly change: string;
  readonly hours: number;
  readonly fits: boolean;
}

/** Throws TB_DEADLINE_EXCEEDED, with alternatives in hours, when the estimate is longer than the plan's deadline. */
export function requireDeadline(plan: Plan, totalSeconds: number): void {
  const { deadlineSeconds } = plan;
  if (deadlineSeconds === null || totalSeconds <= deadlineSeconds) return;
  const inHours = (seconds: number) => `${(seconds / 3600).toFixed(2)} h`;
  const list = alternatives(plan, deadlineSeconds).map(
    ({ change, hours, fits }) => `${change}: ${hours.toFixed(2)} h${fits ? '' : ' (still too long)'}`,
  );
  throw new TunnelbenchError('TB_DEADLINE_EXCEEDED', {
    thing: `plan of ${plan.dies.length} ${plan.dies.length === 1 ? 'die' : 'dies'}`,
    what: 'the measurement would take longer than the deadline',
    value: inHours(totalSeconds),
    expected: `at most ${inHours(deadlineSeconds)}`,
    remedy: `Alternatives: ${list.join('; ') || 'a later deadline'}.`,
  });
}

/** Changes that would shorten the plan, each with the hours it would then take, the shortest first. */
export function alternatives(plan: Plan, deadlineSeconds: number): readonly Alternative[] {
  const now = estimatePlan(plan).totalSeconds / 3600;
  const changed: [string, Plan | null][] = [
    ['no repeat sample', withParts(plan, (part) => ({ ...part, repeatPairs: [] }))],
    ['no die a second time', plan.repeatDies === undefined ? null : { ...plan, repeatDies: [] }],
    [
      'read blocks and pre-read at 0.01 NPLC',
      withSegments(plan, (segment) => (segment.fixed === null ? segment : { ...segment, nplc: 0.01 })),
    ],
    [
      'all lists at 0.01 NPLC and 0.1 ms settling',
      withSegments(plan, (segment) => ({ ...segment, nplc: 0.01, settleSeconds: 1e-4 })),
    ],
    ['--plan adaptive, loops only where a quick read leaves a doubt', asAdaptive(plan)],
    firstDies(plan, deadlineSeconds),
  ];
  return changed
    .flatMap(([change, other]) => {
      const hours = other === null ? now : estimatePlan(other).totalSeconds / 3600;
      return hours < now * 0.999 ? [{ change, hours, fits: hours * 3600 <= deadlineSeconds }] : [];
    })
    .sort((a, b) => a.hours - b.hours);
}

/** As many dies as fit, in the order of measuring. */
function firstDies(plan: Plan, deadlineSeconds: number): [string, Plan | null] {
  let left = deadlineSeconds;
  const dies = plan.dies.filter(({ ordinal }) => {
    left -= estimateDie(planOfDie(plan, ordinal)).dieSeconds;
    return left >= 0;
  });
  const { repeatDies: _again, ...once } = plan;
  return [`${dies.length} of the ${plan.dies.length} dies`, dies.length === 0 ? null : { ...once, dies }];
}

/** The plan with something changed in all of its recipes. */
function withParts(plan: Plan, change: <Part extends RecipePart>(part: Part) => Part): Plan {
  const { dieRecipes } = plan;
  return { ...change(plan), ...(dieRecipes !== undefined && { dieRecipes: dieRecipes.map((part) => change(part)) }) };
}

function withSegments(plan: Plan, change: (segment: Segment) => Segment): Plan {
  const ofRecipe = ({ programme, ...recipe }: Recipe): Recipe => ({
    ...recipe,
    programme: { ...programme, preRead: change(programme.preRead), loop: programme.loop.map(change) },
  });
  return withParts(plan, (part) => ({ ...part, recipe: ofRecipe(part.recipe) }));
}

/** Null where the plan is adaptive already, or a recipe has no rules for it. */
function asAdaptive(plan: Plan): Plan | null {
  const parts: readonly RecipePart[] = [plan, ...(plan.dieRecipes ?? [])];
  if (plan.adaptive !== undefined || parts.some(({ recipe }) => recipe.adaptive === undefined)) return null;
  return withParts(plan, (part) => {
    const { recipe } = part;
    const { adaptive } = recipe;
    if (adaptive === undefined) return part;
    const { quick, sampleFraction, guardFraction } = adaptive;
    return {
      ...part,
      recipe: { ...recipe, programme: { ...recipe.programme, quick } },
      adaptive: { loopPairs: [], samplePairs: [], sampleFraction, guardFraction, mostLoops: 0 },
    };
  });
}
