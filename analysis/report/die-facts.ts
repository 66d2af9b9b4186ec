import type { DieRecord, InstrumentRecord, SessionRecord, StoredCell, WaferRecord } from '../../db/records.ts';
import type { WaferReader } from '../../db/wafer-reader.ts';
import type { ClassThresholds } from '../../wafer/cell-class.ts';
import { dieLabel } from '../../wafer/die.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { sessionsOfDie } from '../die-sessions.ts';
import { type DieStatistics, dieStatistics } from '../die-statistics.ts';
import { withLineCauses } from '../line-causes.ts';
import { type RecordedRecipe, recordedRecipe } from '../recorded-recipe.ts';
import { isSimulatedSession } from '../simulated-session.ts';
import { type SwitchingSummary, summariseSpreads, switchingSpreads } from '../switching-statistics.ts';

/** Everything a die's page says, collected from the wafer file. */
export interface DieFacts {
  readonly wafer: WaferRecord;
  readonly die: DieRecord;
  readonly sessions: readonly SessionRecord[];
  readonly instruments: readonly InstrumentRecord[];
  readonly plan: RecordedRecipe;
  readonly thresholds: ClassThresholds;
  readonly cells: readonly StoredCell[];
  readonly statistics: DieStatistics;
  readonly repeatSample: SwitchingSummary | null;
  readonly simulated: boolean;
}

/** Collects a die. TB_ANALYSIS_NO_DATA where nothing of it was measured. */
export function dieFacts(reader: WaferReader, dieOrdinal: number): DieFacts {
  const die = reader.dies().find(({ ordinal }) => ordinal === dieOrdinal);
  const sessions = sessionsOfDie(reader, dieOrdinal);
  const stored = reader.cells(dieOrdinal);
  const latest = sessions.at(-1);
  if (die === undefined || latest === undefined || stored.length === 0) {
    throw new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
      thing: reader.file,
      what: die === undefined ? `the wafer has no die ${dieOrdinal}` : `die ${dieLabel(die)} has no measured cell`,
      remedy: 'Measure the die first, or leave it out of the report.',
    });
  }
  const wafer = reader.wafer();
  const plan = recordedRecipe(reader, latest, dieOrdinal);
  const thresholds = stored.find((cell) => cell.thresholds !== null)?.thresholds ?? plan.recipe.thresholds;
  const statistics = dieStatistics(stored, wafer.geometry, thresholds);
  return {
    wafer,
    die,
    sessions,
    instruments: reader.instruments(latest.id),
    plan,
    thresholds,
    cells: withLineCauses(stored, wafer.geometry, statistics.lineFaults) as StoredCell[],
    statistics,
    repeatSample: summariseSpreads(switchingSpreads(reader.repeats(dieOrdinal), plan.recipe.programme)),
    simulated: sessions.some((session) => isSimulatedSession(reader, session)),
  };
}
