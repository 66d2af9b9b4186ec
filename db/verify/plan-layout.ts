import {
  type CrossbarGeometry,
  cellIndex,
  columnsOf,
  crossbarGeometry,
  enableLineCount,
} from '../../wafer/geometry.ts';
import { pointCount, type SweepKind, type SweepProgramme, segmentsOf } from '../../wafer/sweep.ts';

/** What a stored plan says about the rows that must follow from it. */
export interface PlanLayout {
  readonly geometry: CrossbarGeometry;
  readonly programme: SweepProgramme;
  /** Programmes of the dies that have another one. */
  readonly dieProgrammes: ReadonlyMap<number, SweepProgramme>;
  /** Pair indices (enable line × rows + row) by position, or null: position and pair index are the same. */
  readonly pairs: readonly number[] | null;
  /** Positions that measure a pair for the first time; those behind them belong to the repeat sample. */
  readonly pairPositions: number;
}

/** Reads the parts of a plan's JSON that the checks need; null for a plan of a form not known here. */
export function planLayout(json: string): PlanLayout | null {
  try {
    const plan = JSON.parse(json);
    if (plan.format !== 'tunnelbench-plan' || plan.version !== 1 || plan.order.kind !== 'enable-line-major')
      return null;
    const geometry = crossbarGeometry(plan.bench.geometry);
    const pairs: readonly number[] | null = plan.order.pairs;
    const pairPositions = pairs?.length ?? enableLineCount(geometry) * geometry.rows;
    const programme: SweepProgramme = plan.recipe.programme;
    const dieProgrammes = new Map<number, SweepProgramme>();
    for (const { dies, recipe } of plan.dieRecipes ?? []) {
      for (const die of dies) dieProgrammes.set(die, recipe.programme);
    }
    for (const one of [programme, ...dieProgrammes.values()]) {
      for (const kind of ['loop', 'lowBias', 'open'] as const) pointsOf(one, kind);
    }
    return { geometry, programme, dieProgrammes, pairs, pairPositions };
  } catch {
    return null;
  }
}

/** The cells measured at a position, ascending: those of one row under one enable line. */
export function cellsAt({ geometry, pairs }: PlanLayout, position: number): number[] {
  const pair = pairs === null ? position : pairs[position];
  const row = pair % geometry.rows;
  const enableLine = Math.floor(pair / geometry.rows);
  return columnsOf(geometry, enableLine).map((column) => cellIndex(geometry, { row, column }));
}

/** Points of a sweep of this kind under the programme. */
export function pointsOf(programme: SweepProgramme, kind: SweepKind): number {
  return pointCount(segmentsOf(programme, kind));
}
