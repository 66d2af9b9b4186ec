import type { Plan } from '../../acquisition/plan.ts';
import { createClassifier } from '../../analysis/classify.ts';
import type { CellRecord } from '../../db/records.ts';
import type { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import { UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { type Branch, chooseBranch, type SweepKind, slopeOhms } from '../../wafer/sweep.ts';

/** What a recipe would say of a die's cells if every cell stood alone and no instrument added an error. */
export function trueCell(station: SimulatedStation, { recipe }: Plan, die: number, cell: number): CellRecord {
  const { programme, thresholds } = recipe;
  const look = station.noiselessReadings(die, cell, 'lowBias', programme);
  const ohms = slopeOhms(look, 0, programme.preRead.volts.length, UNUSABLE_POINT) ?? 0;
  const branch = chooseBranch(programme.branches, ohms);
  const chosen = programme.branches[branch];
  const kind = kindOf(chosen);
  const range = chosen.range ?? programme.complianceRepeat;
  return createClassifier(programme, thresholds).classify({
    attemptId: 'truth',
    dieOrdinal: die,
    cell,
    kind,
    access: 'pair',
    side: cell % 2 === 0 ? 'A' : 'B',
    branch,
    ...range,
    repeat: 0,
    startedAtMs: 0,
    instrumentSeconds: 0,
    rawStatus: 0,
    residualAmps: 0,
    readings: station.noiselessReadings(die, cell, kind, programme),
  });
}

function kindOf({ action }: Branch): SweepKind {
  return action === 'lowBiasOnly' ? 'lowBias' : action;
}
