import type { PlanRecord, SessionFields, SessionRecord, StoredCell } from '../db/records.ts';
import type { CellClass } from '../wafer/cell-class.ts';
import type { DieSite } from '../wafer/die.ts';
import { cellAt, enableLineOf } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { planOfDie } from './die-recipes.ts';
import { lookalikesOf } from './lookalikes.ts';
import { type FrozenPlan, freezePlan, type Plan, positionCount, thawPlan } from './plan.ts';
import { fingerprintOf } from './resume.ts';
import type { EarlierWork } from './session-store.ts';
import { storedResistances } from './stored-resistances.ts';

/** What choosing a re-test reads of a wafer file; the wafer reader fits as it is. */
export interface RetestSource {
  readonly file: string;
  sessions(): SessionRecord[];
  plan(id: string): PlanRecord | null;
  cursor(planId: string, dieOrdinal: number): { readonly nextPosition: number } | null;
  dies(): { readonly ordinal: number; readonly state: string; readonly touchdowns: number }[];
  cells(dieOrdinal: number): StoredCell[];
}

/** Cells of these classes are measured again; of these dies only, where given. */
export interface RetestPolicy {
  readonly classes: readonly CellClass[];
  readonly dies?: readonly number[];
}

/** A re-test of one die: a plan of its own, because every die has its own cells to repeat. */
export interface DieRetest {
  readonly frozen: FrozenPlan;
  readonly earlier: EarlierWork;
  readonly cells: number;
}

/**
 * The re-tests that a policy asks for, die by die: full treatment of every pair that holds a cell of the classes, in the
 * order of the enable lines. The latest verdict counts as final, the first one stays the first; all sweeps are kept. A die
 * is recognised by its other cells before anything is stored. Throws TB_SESSION_NOT_RESUMABLE while the last plan of the
 * file is unfinished, because a resume continues the last plan only.
 */
export function chooseRetests(
  source: RetestSource,
  { classes, dies }: RetestPolicy,
): { readonly retests: readonly DieRetest[]; readonly fields: SessionFields } {
  const session = source.sessions().at(-1);
  const record = session === undefined ? null : source.plan(session.planId);
  if (session === undefined || record === null) return refuse(source.file, 'nothing was measured yet');
  const { plan } = thawPlan(record);
  const states = new Map(source.dies().map((die) => [die.ordinal, die]));
  const unfinished = plan.dies.some(({ ordinal }) => {
    if (states.get(ordinal)?.state !== 'measuring' && states.get(ordinal)?.state !== 'untouched') return false;
    return (source.cursor(record.id, ordinal)?.nextPosition ?? 0) < positionCount(planOfDie(plan, ordinal));
  });
  if (unfinished) return refuse(source.file, 'the last plan of the file is not finished');
  const resistances = storedResistances(source);
  const wanted = plan.bench.wafer.dies.filter(({ ordinal }) => dies === undefined || dies.includes(ordinal));
  const retests = wanted.flatMap((die) => {
    const cells = source.cells(die.ordinal);
    const again = cells.filter((cell) => classes.includes(cell.class));
    if (again.length === 0) return [];
    const pairs = [...new Set(again.map(({ cell }) => pairOf(plan, cell)))].sort((a, b) => a - b);
    const known = fingerprintOf(cells);
    const { geometry, wafer } = plan.bench;
    const addresses = known.map(({ cell }) => cell);
    const lookalikes = lookalikesOf(die, addresses, wafer.dies, geometry, resistances);
    const earlier: EarlierWork = {
      nextPosition: () => 0,
      die: (ordinal) => states.get(ordinal) ?? { state: 'untouched', touchdowns: 0 },
      knownCells: () => known,
      lookalikes: () => lookalikes,
    };
    return [{ frozen: retestPlan(plan, die, pairs), earlier, cells: again.length }];
  });
  return { retests, fields: session.fields };
}

/** The same recipe and bench, full loops, on these pairs of one die. */
function retestPlan(plan: Plan, die: DieSite, pairs: readonly number[]): FrozenPlan {
  const { adaptive: _rules, dieRecipes: _recipes, repeatDies: _dies, ...full } = planOfDie(plan, die.ordinal);
  const { quick: _quick, ...programme } = full.recipe.programme;
  return freezePlan({
    ...full,
    recipe: { ...full.recipe, programme },
    dies: [die],
    order: { kind: 'enable-line-major', pairs },
    referencePairs: [],
    repeatPairs: [],
    deadlineSeconds: null,
  });
}

function pairOf({ bench: { geometry } }: Plan, cell: number): number {
  const { row, column } = cellAt(geometry, cell);
  return enableLineOf(geometry, column) * geometry.rows + row;
}

function refuse(thing: string, what: string): never {
  const remedy = 'Measure or resume to the end first; then cells can be measured again.';
  throw new TunnelbenchError('TB_SESSION_NOT_RESUMABLE', { thing, what, remedy });
}
