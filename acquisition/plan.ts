import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { v7 as uuidV7 } from 'uuid';
import type { PlanRecord } from '../db/records.ts';
import type { DieSite } from '../wafer/die.ts';
import { crossbarGeometry } from '../wafer/geometry.ts';
import { checkPadMap } from '../wafer/pad-map.ts';
import type { AdaptiveRecipe, Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { BenchSettings } from './bench-settings.ts';
import { canonicalJson, parseCanonicalJson, sha256Hex } from './canonical-json.ts';
import { checkAgainstBench } from './check-plan.ts';
import { type PairOrder, pairsOfDie, spreadPairs } from './pair-order.ts';

export const PLAN_FORMAT = 'tunnelbench-plan';
export const PLAN_VERSION = 1;

/**
 * Recipe × dies × cells, frozen. A die's positions are the pairs of `order`, followed by one position for each pair of
 * the repeat sample (all its loops together). The cursor counts positions.
 */
export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly version: typeof PLAN_VERSION;
  readonly recipe: Recipe;
  readonly bench: BenchSettings;
  readonly dies: readonly DieSite[];
  readonly order: PairOrder;
  /** Pairs measured again on schedule; a drift of their resistance raises an alarm. */
  readonly referencePairs: readonly number[];
  /** Pairs whose loop is repeated, for the spread of the switching voltages. */
  readonly repeatPairs: readonly number[];
  readonly deadlineSeconds: number | null;
  /** Present in an adaptive plan; its quick read stands in recipe.programme.quick. */
  readonly adaptive?: AdaptiveRules;
}

/** What decides which pairs of a die get a loop. */
export interface AdaptiveRules {
  /** Pairs with a loop from the start: the random sample and the reference pairs. */
  readonly loopPairs: readonly number[];
  /** Of those, the random sample: every pair had the chance `sampleFraction`. */
  readonly samplePairs: readonly number[];
  readonly sampleFraction: number;
  readonly guardFraction: number;
  /** Loops that quick reads may ask for on one die. */
  readonly mostLoops: number;
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
}

/**
 * Makes and freezes a plan. Throws TB_PLAN_INVALID, TB_PLAN_OVER_LIMIT or TB_BENCH_CANNOT_REALISE; the deadline is
 * checked by the dry run.
 */
export function makePlan({
  recipe: given,
  bench,
  dies,
  cells,
  deadlineSeconds,
  mode = 'full',
}: PlanChoice): FrozenPlan {
  const geometry = crossbarGeometry(bench.geometry);
  checkPadMap(bench.padMap, geometry);
  const recipe = mode === 'adaptive' ? withQuickRead(given) : given;
  checkAgainstBench(recipe, bench);
  if (cells !== undefined && !(Number.isInteger(cells) && cells > 0)) {
    invalid('cells', 'not a number of cells', `${cells}`, 'a whole number from 1');
  }
  const pairs = cells === undefined ? null : spreadPairs(geometry, cells);
  const planned = pairs ?? Array.from({ length: pairsOfDie(geometry) }, (_, index) => index);
  const { repeatSample, reference } = recipe;
  const perPair = geometry.columnsPerEnableLine;
  // A quick look shrinks the samples with it: at most a tenth of the pairs each.
  const atMost = (wantedCells: number) =>
    Math.min(Math.ceil(wantedCells / perPair), pairs === null ? planned.length : Math.floor(planned.length / 10));
  const referencePairs = sample(planned, atMost(reference.cellsPerDie), repeatSample.seed + 1);
  return freezePlan({
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    recipe,
    bench,
    dies: chooseDies(bench.wafer.dies, dies),
    order: { kind: 'enable-line-major', pairs },
    referencePairs,
    repeatPairs: repeatSample.loops > 0 ? sample(planned, atMost(repeatSample.cellsPerDie), repeatSample.seed) : [],
    deadlineSeconds: deadlineSeconds ?? null,
    ...(mode === 'adaptive' && { adaptive: adaptiveRules(recipe, planned, referencePairs) }),
  });
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

function chooseDies(all: readonly DieSite[], ordinals: readonly number[] | undefined): readonly DieSite[] {
  if (ordinals === undefined) return all;
  if (ordinals.length === 0) invalid('dies', 'no die is chosen', 'none', 'at least one ordinal');
  const chosen = new Set(ordinals);
  for (const ordinal of chosen) {
    if (all.some((die) => die.ordinal === ordinal)) continue;
    invalid('dies', 'the wafer has no such die', `${ordinal}`, `ordinals 0 to ${all.length - 1}`);
  }
  return all.filter(({ ordinal }) => chosen.has(ordinal));
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
