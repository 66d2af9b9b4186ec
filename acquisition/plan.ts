import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { v7 as uuidV7 } from 'uuid';
import type { PlanRecord } from '../db/records.ts';
import type { DieSite } from '../wafer/die.ts';
import { crossbarGeometry } from '../wafer/geometry.ts';
import { checkPadMap } from '../wafer/pad-map.ts';
import type { AdaptiveRecipe, Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { AdaptiveRules } from './adaptive-rules.ts';
import type { BenchSettings } from './bench-settings.ts';
import { canonicalJson, parseCanonicalJson, sha256Hex } from './canonical-json.ts';
import { checkAgainstBench } from './check-plan.ts';
import { type DieRecipe, type RecipePart, requireSameClasses } from './die-recipes.ts';
import { type PairOrder, pairsOfDie, spreadPairs } from './pair-order.ts';

export const PLAN_FORMAT = 'tunnelbench-plan';
export const PLAN_VERSION = 1;

/**
 * Recipe × dies × cells, frozen. A die's positions are the pairs of `order`, followed by one position for each pair of
 * the repeat sample (all its loops together). The cursor counts positions.
 */
export interface Plan extends RecipePart {
  readonly format: typeof PLAN_FORMAT;
  readonly version: typeof PLAN_VERSION;
  readonly bench: BenchSettings;
  readonly dies: readonly DieSite[];
  readonly order: PairOrder;
  readonly deadlineSeconds: number | null;
  /** Dies with another recipe than `recipe`; `planOfDie` gives the plan as one die sees it. */
  readonly dieRecipes?: readonly DieRecipe[];
  /** Ordinals of dies that are touched and measured a second time after all the others. */
  readonly repeatDies?: readonly number[];
}

/** A plan with its identity: what the database stores and a session executes. */
export interface FrozenPlan {
  readonly record: PlanRecord;
  readonly plan: Plan;
}

export interface PlanChoice {
  readonly recipe: Recipe;
  readonly bench: BenchSettings;
  /** Ordinals of the dies to measure; all of the wafer when left out. */
  readonly dies?: readonly number[];
  /** A quick look at about this many cells of each die; all when left out. */
  readonly cells?: number;
  readonly deadlineSeconds?: number;
  /** Default `full`: a loop on every cell. */
  readonly mode?: 'full' | 'adaptive';
  /** Ordinals of dies to leave out of `dies`. */
  readonly skipDies?: readonly number[];
  /** Ordinals of dies to measure a second time at the end. */
  readonly repeatDies?: readonly number[];
  /** Dies with another recipe; of two that name a die the later counts. */
  readonly dieRecipes?: readonly { readonly dies: readonly number[]; readonly recipe: Recipe }[];
}

/**
 * Makes and freezes a plan. Throws TB_PLAN_INVALID, TB_PLAN_OVER_LIMIT or TB_BENCH_CANNOT_REALISE; the deadline is
 * checked by the dry run.
 */
export function makePlan(choice: PlanChoice): FrozenPlan {
  const { bench, cells, deadlineSeconds } = choice;
  const geometry = crossbarGeometry(bench.geometry);
  checkPadMap(bench.padMap, geometry);
  if (cells !== undefined && !(Number.isInteger(cells) && cells > 0)) {
    invalid('cells', 'not a number of cells', `${cells}`, 'a whole number from 1');
  }
  const pairs = cells === undefined ? null : spreadPairs(geometry, cells);
  const dies = chooseDies(bench.wafer.dies, choice);
  const plan: Plan = {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    ...recipePart(choice.recipe, pairs, choice),
    bench,
    dies,
    order: { kind: 'enable-line-major', pairs },
    deadlineSeconds: deadlineSeconds ?? null,
    ...dieRecipesOf(dies, pairs, choice),
    ...(choice.repeatDies !== undefined && { repeatDies: chosenOf(dies, choice.repeatDies, 'dies to repeat') }),
  };
  requireSameClasses(plan);
  return freezePlan(plan);
}

/** A recipe, held against the bench, and the samples it asks for among the pairs of a die. */
function recipePart(given: Recipe, pairs: readonly number[] | null, { bench, mode }: PlanChoice): RecipePart {
  const recipe = mode === 'adaptive' ? withQuickRead(given) : given;
  checkAgainstBench(recipe, bench);
  const { geometry } = bench;
  const planned = pairs ?? Array.from({ length: pairsOfDie(geometry) }, (_, index) => index);
  const { repeatSample, reference } = recipe;
  const perPair = geometry.columnsPerEnableLine;
  // A quick look shrinks the samples with it: at most a tenth of the pairs each.
  const atMost = (wantedCells: number) =>
    Math.min(Math.ceil(wantedCells / perPair), pairs === null ? planned.length : Math.floor(planned.length / 10));
  const referencePairs = sample(planned, atMost(reference.cellsPerDie), repeatSample.seed + 1);
  return {
    recipe,
    referencePairs,
    repeatPairs: repeatSample.loops > 0 ? sample(planned, atMost(repeatSample.cellsPerDie), repeatSample.seed) : [],
    ...(mode === 'adaptive' && { adaptive: adaptiveRules(recipe, planned, referencePairs) }),
  };
}

function dieRecipesOf(
  dies: readonly DieSite[],
  pairs: readonly number[] | null,
  choice: PlanChoice,
): { dieRecipes?: readonly DieRecipe[] } {
  const given = choice.dieRecipes ?? [];
  const own = new Map<number, Recipe>();
  for (const { dies: some, recipe } of given) {
    for (const ordinal of chosenOf(dies, some, 'dies with their own recipe')) own.set(ordinal, recipe);
  }
  if (own.size === 0) return {};
  const byRecipe = Map.groupBy(own.keys(), (ordinal) => own.get(ordinal) as Recipe);
  return {
    dieRecipes: [...byRecipe].map(([recipe, some]) => ({
      dies: some.toSorted((a, b) => a - b),
      ...recipePart(recipe, pairs, choice),
    })),
  };
}

/** Puts the recipe's quick read into the programme; TB_PLAN_INVALID where it has none. */
function withQuickRead(recipe: Recipe): Recipe {
  const { adaptive, programme } = recipe;
  if (adaptive === undefined) {
    invalid(`recipe ${recipe.name}`, 'it has no rules for an adaptive plan', 'none', 'a part "adaptive"');
  }
  return { ...recipe, programme: { ...programme, quick: adaptive.quick } };
}

function adaptiveRules(recipe: Recipe, planned: readonly number[], referencePairs: readonly number[]): AdaptiveRules {
  const { sampleFraction, seed, guardFraction, mostLoopsFraction } = recipe.adaptive as AdaptiveRecipe;
  const samplePairs = sample(planned, Math.ceil(sampleFraction * planned.length), seed);
  return {
    loopPairs: [...new Set([...samplePairs, ...referencePairs])].sort((a, b) => a - b),
    samplePairs,
    sampleFraction: samplePairs.length / planned.length,
    guardFraction,
    mostLoops: Math.ceil(mostLoopsFraction * planned.length),
  };
}

/** Gives the plan its canonical text, hash and id. */
export function freezePlan(plan: Plan): FrozenPlan {
  const json = canonicalJson(plan);
  return { record: { id: uuidV7(), sha256: sha256Hex(json), json }, plan: deepFreeze(plan) };
}

/** Reads a stored plan back; throws TB_PLAN_INVALID when the text is not the one that was hashed. */
export function thawPlan(record: PlanRecord): FrozenPlan {
  const found = sha256Hex(record.json);
  if (found !== record.sha256) {
    invalid(`plan ${record.id}`, 'the stored text does not match its hash', found, record.sha256);
  }
  const plan = parseCanonicalJson(record.json) as Plan;
  if (plan.format !== PLAN_FORMAT || plan.version !== PLAN_VERSION) {
    invalid(`plan ${record.id}`, 'unknown form', `${plan.format} ${plan.version}`, `${PLAN_FORMAT} ${PLAN_VERSION}`);
  }
  return { record, plan: deepFreeze(plan) };
}

/** Number of measuring positions of a die without the repeat sample. */
export function pairPositions({ order, bench }: Plan): number {
  return order.pairs?.length ?? pairsOfDie(bench.geometry);
}

/** Number of positions of a die; the die is finished when the cursor reaches it. */
export function positionCount(plan: Plan): number {
  return pairPositions(plan) + plan.repeatPairs.length;
}

/** Index of the pair at a position. */
export function pairIndexAt(plan: Plan, position: number): number {
  const pairs = pairPositions(plan);
  if (position >= pairs) return plan.repeatPairs[position - pairs];
  return plan.order.pairs?.[position] ?? position;
}

export function cellsPerDie(plan: Plan): number {
  return pairPositions(plan) * plan.bench.geometry.columnsPerEnableLine;
}

function chooseDies(all: readonly DieSite[], { dies, skipDies = [] }: PlanChoice): readonly DieSite[] {
  if (dies?.length === 0) invalid('dies', 'no die is chosen', 'none', 'at least one ordinal');
  const chosen = new Set(chosenOf(all, dies ?? all.map(({ ordinal }) => ordinal), 'dies'));
  for (const ordinal of chosenOf(all, skipDies, 'dies to skip')) chosen.delete(ordinal);
  if (chosen.size === 0) invalid('dies', 'every die is skipped', skipDies.join(', '), 'at least one die to measure');
  return all.filter(({ ordinal }) => chosen.has(ordinal));
}

/** The ordinals, ascending and without repeats; each must be one of `dies`. */
function chosenOf(dies: readonly DieSite[], ordinals: readonly number[], thing: string): number[] {
  const known = dies.map(({ ordinal }) => ordinal);
  const chosen = [...new Set(ordinals)].sort((a, b) => a - b);
  const unknown = chosen.find((ordinal) => !known.includes(ordinal));
  if (unknown === undefined) return chosen;
  return invalid(thing, 'no such die', `${unknown}`, `of the ordinals ${known.join(', ')}`);
}

/** Cells of all dies, each as often as it is measured. */
export function cellsOfPlan(plan: Plan): number {
  return cellsPerDie(plan) * (plan.dies.length + (plan.repeatDies?.length ?? 0));
}

/** `count` of the values without repetition, ascending, by a seeded partial shuffle. */
function sample(values: readonly number[], count: number, seed: number): number[] {
  const random = xoroshiro128plus(seed);
  const pool = [...values];
  for (let i = 0; i < count; i++) {
    const j = uniformInt(random, i, pool.length - 1);
    [pool[i], pool[j]] = [pool[j], pool[i]];
  }
  return pool.slice(0, count).sort((a, b) => a - b);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

function invalid(thing: string, what: string, value: string, expected: string): never {
  const remedy = 'Make the plan again from a recipe and a bench file; nothing was energised.';
  throw new TunnelbenchError('TB_PLAN_INVALID', { thing, what, value, expected, remedy });
}
