import { exchangesPerCell } from './access-time.ts';
import { requireDeadline } from './deadline.ts';
import { planOfDie, recipesOf } from './die-recipes.ts';
import { estimateDie, estimatePlan, type PlanEstimate } from './duration-estimate.ts';
import { largestLimitAmps, type ProgrammeExtremes, programmeExtremes, worstExtremes } from './pad-extremes.ts';
import { cellsPerDie, type FrozenPlan, type Plan } from './plan.ts';
import type { RowsVerdict } from './rows-at-once.ts';

/** What a plan would do, told before anything is energised. */
export interface DryRun {
  readonly sha256: string;
  /** Name of the recipe, or of all recipes. */
  readonly recipe: string;
  /** Each recipe with the dies (ordinals) that are measured under it. */
  readonly recipes: readonly RecipeShare[];
  readonly bench: string;
  readonly waferId: string;
  readonly access: string;
  /** Exchanges of HI and LO in the loop of a cell; none where each line has a channel of its own. */
  readonly exchangesPerCell: number;
  readonly dies: number;
  /** Dies of the wafer that the plan leaves out, and those that it measures twice; ordinals. */
  readonly skippedDies: readonly number[];
  readonly repeatedDies: readonly number[];
  readonly cellsPerDie: number;
  /** Planned and at most, per die and visit. */
  readonly touchdowns: { readonly planned: number; readonly atMost: number };
  readonly extremes: ProgrammeExtremes;
  readonly ceilingVolts: number;
  readonly currents: PlanCurrents;
  /** Largest voltage against substrate on each group of pads. */
  readonly pads: readonly { readonly name: string; readonly minVolts: number; readonly maxVolts: number }[];
  /** Ways to measure several rows at once, the one that the plan uses first; empty when nobody had them computed. */
  readonly rowsAtOnce: readonly RowsVerdict[];
  readonly estimate: PlanEstimate;
  readonly deadlineSeconds: number | null;
}

export interface RecipeShare {
  readonly name: string;
  readonly dies: readonly number[];
  readonly junctionVolts: number;
  readonly dieSeconds: number;
}

export interface PlanCurrents {
  /** Largest limit of a source channel while a cell is measured, and the bench's. */
  readonly cellAmps: number;
  readonly cellCeilingAmps: number;
  /** Limit of a column that also feeds half-selected cells while one cell is measured alone; null where the source says none. */
  readonly aloneColumnAmps: number | null;
  /** The bench's limit for one line of the probe card; null where it states none. */
  readonly lineCeilingAmps: number | null;
}

/** Walks the plan without hardware. Throws TB_DEADLINE_EXCEEDED with alternatives in hours when it takes too long. */
export function dryRun({ plan, record }: FrozenPlan, rowsAtOnce: readonly RowsVerdict[] = []): DryRun {
  const estimate = estimatePlan(plan);
  requireDeadline(plan, estimate.totalSeconds);
  const { recipe, bench } = plan;
  const parts = recipesOf(plan);
  const recipes = parts.map(({ part }) => part.recipe);
  const extremes = worstExtremes(recipes.map(({ programme }) => programmeExtremes(programme)));
  const measured = new Set(plan.dies.map(({ ordinal }) => ordinal));
  const touchdownLimit = Math.max(...recipes.map(({ contact }) => contact.maxTouchdownsPerDie));
  return {
    sha256: record.sha256,
    recipe: recipes.map(({ name }) => name).join(', '),
    recipes: parts.map(({ part, dies }) => shareOf(planOfDie(part, dies[0]), dies)),
    bench: bench.name,
    waferId: bench.wafer.id,
    access: recipe.access,
    exchangesPerCell: exchangesPerCell(recipe),
    dies: plan.dies.length,
    skippedDies: bench.wafer.dies.map(({ ordinal }) => ordinal).filter((ordinal) => !measured.has(ordinal)),
    repeatedDies: plan.repeatDies ?? [],
    cellsPerDie: cellsPerDie(plan),
    touchdowns: { planned: 1, atMost: Math.min(2, touchdownLimit) },
    extremes,
    ceilingVolts: Math.min(...recipes.map(({ limits }) => limits.junctionVolts)),
    currents: {
      cellAmps: Math.max(...recipes.map(({ programme }) => largestLimitAmps(programme))),
      cellCeilingAmps: bench.limits.limitAmps,
      aloneColumnAmps: bench.aloneColumnLimitAmps ?? null,
      lineCeilingAmps: bench.limits.lineAmps ?? null,
    },
    pads: [
      { name: 'columns', minVolts: extremes.padVolts.min, maxVolts: extremes.padVolts.max },
      { name: 'rows', minVolts: extremes.padVolts.min, maxVolts: extremes.padVolts.max },
      { name: 'enable lines', minVolts: 0, maxVolts: bench.gateVolts },
      ...Object.entries(bench.supplies).map(([name, { volts }]) => ({ name, minVolts: volts, maxVolts: volts })),
    ],
    rowsAtOnce,
    estimate,
    deadlineSeconds: plan.deadlineSeconds,
  };
}

function shareOf(part: Plan, dies: readonly number[]): RecipeShare {
  return {
    name: part.recipe.name,
    dies,
    junctionVolts: programmeExtremes(part.recipe.programme).junctionVolts,
    dieSeconds: estimateDie(part).dieSeconds,
  };
}
