import type { CellRecord, StoredCell } from '../db/records.ts';
import type { WaferReader } from '../db/wafer-reader.ts';
import { CELL_CLASSES, type CellClass, type ClassThresholds } from '../wafer/cell-class.ts';
import { errorsLike } from '../wafer/sweep.ts';
import { createClassifier } from './classify.ts';
import { sessionsOfDie } from './die-sessions.ts';
import { findLineFaults, withLineCauses } from './line-causes.ts';
import { recordedRecipe } from './recorded-recipe.ts';

/** New verdicts on a die's cells, and how they differ from those stored. */
export interface Reclassification {
  readonly cells: readonly CellRecord[];
  /** Cells by stored class, then by new class. */
  readonly moves: Readonly<Record<CellClass, Readonly<Record<CellClass, number>>>>;
  readonly changed: number;
}

/**
 * Classifies the sweeps of record of a die again, from their bytes, under other thresholds; the sweeps themselves and
 * the stored verdicts stay. A cause that only the measurement could know (broke in the test, bad line) is kept where
 * the new verdict finds none.
 */
export function reclassifyDie(reader: WaferReader, dieOrdinal: number, thresholds: ClassThresholds): Reclassification {
  const session = sessionsOfDie(reader, dieOrdinal).at(-1);
  const stored = new Map<number, StoredCell>(reader.cells(dieOrdinal).map((cell) => [cell.cell, cell]));
  if (session === undefined || stored.size === 0) return { cells: [], moves: noMoves(), changed: 0 };
  const { geometry } = reader.wafer();
  const { classify } = createClassifier(recordedRecipe(reader, session, dieOrdinal).recipe.programme, thresholds);
  const fresh: CellRecord[] = [];
  for (const sweep of reader.sweeps(dieOrdinal)) {
    const before = stored.get(sweep.cell);
    if (before === undefined) continue;
    const partner = sweep.side === 'A' ? sweep.cell + 1 : sweep.cell - 1;
    const besideShort = geometry.columnsPerEnableLine === 2 && stored.get(partner)?.class === 'shorted';
    const now = classify({ ...sweep, access: errorsLike(sweep.access, sweep.side, besideShort) });
    fresh.push(now.cause === 'none' && before.cause === 'failedInTest' ? { ...now, cause: before.cause } : now);
  }
  const cells = withLineCauses(fresh, geometry, findLineFaults(fresh, geometry));
  const moves = noMoves();
  let changed = 0;
  for (const { cell, class: now } of cells) {
    const before = stored.get(cell)?.class ?? 'unmeasured';
    moves[before][now] += 1;
    if (before !== now) changed += 1;
  }
  return { cells, moves, changed };
}

export function noMoves(): Record<CellClass, Record<CellClass, number>> {
  const none = () => Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as Record<CellClass, number>;
  return Object.fromEntries(CELL_CLASSES.map((name) => [name, none()])) as Record<CellClass, Record<CellClass, number>>;
}
