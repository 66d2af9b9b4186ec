import { recordedRecipe } from '../analysis/recorded-recipe.ts';
import type { WaferReader } from '../db/wafer-reader.ts';
import type { LoopReader, MeasuredLoop } from '../training/emulation/conductance-at-voltage.ts';
import { pointCount, segmentSpan, segmentsOf } from '../wafer/sweep.ts';

/** The loops of record of a die. A sweep of another length than its plan's programme counts as no loop. */
export function measuredLoops(reader: WaferReader, dieOrdinal: number): LoopReader {
  const recipes = new Map(
    reader.sessions().map((session) => [session.id, recordedRecipe(reader, session, dieOrdinal).recipe]),
  );
  const programmes = new Map(
    [...recipes].flatMap(([id, { programme }]) =>
      reader.attempts(id).map((attempt) => [attempt.id, programme] as const),
    ),
  );
  const loops = new Map<number, MeasuredLoop>();
  for (const sweep of reader.sweeps(dieOrdinal)) {
    const programme = programmes.get(sweep.attemptId);
    if (sweep.kind !== 'loop' || programme === undefined) continue;
    const segments = segmentsOf(programme, 'loop');
    const [toP, toAp] = [segmentSpan(segments, 'loopToP'), segmentSpan(segments, 'loopToAp')];
    if (toP === null || toAp === null || sweep.readings.volts.length !== pointCount(segments)) continue;
    loops.set(sweep.cell, { readings: sweep.readings, toP, toAp });
  }
  return (cell) => loops.get(cell) ?? null;
}
