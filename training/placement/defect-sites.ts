import { cellIndex } from '../../wafer/geometry.ts';
import { pairCount } from '../mapping/check-mapping.ts';
import type { DieConductances } from '../mapping/die-conductances.ts';
import { pairWeight } from '../mapping/effective-weights.ts';
import { WEIGHT_LEVELS } from './weight-importance.ts';

/** A place of the crossbar (a row of a pair) whose weight is not what is programmed. */
export interface DefectSite {
  readonly row: number;
  readonly pair: number;
  /** What the weight is worth, by pair sign (0: +1, 1: −1) and wanted sign (0: +1, 1: −1): index 2 · pair + wanted. */
  readonly worth: readonly LevelPosition[];
}

/** A weight as a position between two tabulated levels. */
export interface LevelPosition {
  readonly level: number;
  /** 0 at `level`, 1 at the next. */
  readonly fraction: number;
}

/** Every site of the die with a cell that is not healthy. */
export function defectSites(die: DieConductances): DefectSite[] {
  const sites: DefectSite[] = [];
  for (let row = 0; row < die.geometry.rows; row++) {
    for (let pair = 0; pair < pairCount(die.geometry); pair++) {
      const even = cellIndex(die.geometry, { row, column: 2 * pair });
      if (!die.defective[even] && !die.defective[even + 1]) continue;
      const worth = [
        pairWeight(die, even, even + 1, 1),
        pairWeight(die, even, even + 1, -1),
        pairWeight(die, even + 1, even, 1),
        pairWeight(die, even + 1, even, -1),
      ];
      sites.push({ row, pair, worth: worth.map(levelPosition) });
    }
  }
  return sites;
}

function levelPosition(weight: number): LevelPosition {
  const last = WEIGHT_LEVELS.length - 1;
  const clamped = Math.max(WEIGHT_LEVELS[0], Math.min(WEIGHT_LEVELS[last], weight));
  const above = WEIGHT_LEVELS.findIndex((level) => level >= clamped);
  const level = Math.max(0, Math.min(last - 1, above - 1));
  return { level, fraction: (clamped - WEIGHT_LEVELS[level]) / (WEIGHT_LEVELS[level + 1] - WEIGHT_LEVELS[level]) };
}
