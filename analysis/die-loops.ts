import type { WaferReader } from '../db/wafer-reader.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { DieLoops } from './die-switching.ts';
import { loopFeatures } from './loop-features.ts';
import { type ProgrammeLayout, programmeLayout } from './programme-layout.ts';
import { recordedRecipe } from './recorded-recipe.ts';
import { staircaseOf } from './switching-statistics.ts';

/** Mains frequency where the source did not tell its own. */
const LINE_HERTZ = 50;

interface LoopFrame {
  readonly recipe: Recipe;
  readonly layout: ProgrammeLayout['loop'];
}

/**
 * Switching voltages of all loops of the healthy cells of a die, the repeat sample's included. Loops of another staircase than
 * the first session's are left out. TB_ANALYSIS_NO_DATA without any.
 */
export function dieLoops(reader: WaferReader, dieOrdinal: number): DieLoops {
  const frames = new Map<string, LoopFrame>();
  for (const session of reader.sessions()) {
    const { recipe } = recordedRecipe(reader, session);
    const frame = { recipe, layout: programmeLayout(recipe.programme).loop };
    for (const { id } of reader.attempts(session.id)) frames.set(id, frame);
  }
  const healthy = new Set(reader.cells(dieOrdinal).flatMap((cell) => (cell.class === 'healthy' ? [cell.cell] : [])));
  const cells = new Map<number, { cell: number; toP: number[]; toAp: number[] }>();
  let first: LoopFrame | null = null;
  for (const cell of healthy) {
    for (const sweep of reader.sweepsOf(dieOrdinal, cell)) {
      const frame = frames.get(sweep.attemptId);
      if (frame === undefined || sweep.kind !== 'loop' || sweep.readings.volts.length !== frame.layout.points) continue;
      first ??= frame;
      if (JSON.stringify(first.recipe.programme.loop) !== JSON.stringify(frame.recipe.programme.loop)) continue;
      const { vSwitchPositive, vSwitchNegative } = loopFeatures(sweep.readings, frame.layout, sweep.rangeAmps);
      const towardsP = frame.recipe.apToP === 'positive' ? vSwitchPositive : vSwitchNegative;
      const towardsAp = frame.recipe.apToP === 'positive' ? vSwitchNegative : vSwitchPositive;
      const series = cells.get(cell) ?? { cell, toP: [], toAp: [] };
      if (towardsP !== null) series.toP.push(Math.abs(towardsP.volts));
      if (towardsAp !== null) series.toAp.push(Math.abs(towardsAp.volts));
      cells.set(cell, series);
    }
  }
  if (first === null) throw noLoops(reader.file, dieOrdinal);
  const { programme, apToP } = first.recipe;
  const hertz = lineHertz(reader);
  const other = apToP === 'positive' ? 'negative' : 'positive';
  return {
    cells: [...cells.values()],
    toP: staircaseOf(programme, apToP, hertz),
    toAp: staircaseOf(programme, other, hertz),
  };
}

/** As the source reported it; it decides how long a step lasts. */
function lineHertz(reader: WaferReader): number {
  for (const { id } of reader.sessions()) {
    for (const { settingsJson } of reader.instruments(id)) {
      const hertz = settingsJson === null ? undefined : JSON.parse(settingsJson).lineFrequencyHertz;
      if (hertz === 50 || hertz === 60) return hertz;
    }
  }
  return LINE_HERTZ;
}

function noLoops(file: string, dieOrdinal: number): TunnelbenchError {
  return new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
    thing: file,
    what: `die ${dieOrdinal} has no loop of a healthy cell`,
    remedy: 'Measure the die with full loops first.',
  });
}
