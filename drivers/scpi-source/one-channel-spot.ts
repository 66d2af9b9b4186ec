import { UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import type { Readings } from '../../wafer/sweep.ts';
import type { SourceChannel, SourceLimits, SpotReading } from '../capabilities.ts';
import { checkRange } from '../keithley-2600/source-limits.ts';
import { cannot } from '../sweep-source/source-errors.ts';
import type { SweepStage } from './sweep-stage.ts';

const SPOT_SETTLE_SECONDS = 0.005;
const MOST_SPOT_VOLTS = 1;

type Levels = Readonly<Record<SourceChannel, number>>;

/**
 * The list of a spot reading: the column's level against the row's. TB_BENCH_CANNOT_REALISE where it takes a second
 * channel (two columns at different levels) or an exchange of HI and LO (the column below the row).
 */
export function spotStage(
  thing: string,
  levels: Levels,
  limitAmps: number,
  nplc: number,
  bench: SourceLimits,
): SweepStage {
  const range = { rangeAmps: limitAmps, limitAmps };
  checkRange(thing, 'spot reading', range, bench);
  const columns = liveColumns(levels);
  const volts = (columns[0] ?? 0) - levels.row;
  if (columns.length === 2 && columns[0] !== columns[1]) {
    throw cannot(thing, 'one channel cannot hold two columns', columns.join(' V, '), 'one level, or 0 V');
  }
  const most = Math.min(MOST_SPOT_VOLTS, bench.sourceRangeVolts);
  if (!(volts >= 0 && volts <= most)) {
    const expected = `0 V (no pad below the substrate) to ${most} V, column above row`;
    throw cannot(thing, 'a spot level is out of bounds', `${volts} V`, expected);
  }
  const place = { polarity: 'positive', levels: [volts, 0], keep: [0], points: [0] } as const;
  return { ...place, nplc, settleSeconds: SPOT_SETTLE_SECONDS, range };
}

/** What the one channel read, at the channels of the pair scheme. */
export function oneChannelSpot(levels: Levels, readings: Readings): SpotReading {
  const compliance = (readings.flags[0] & UNUSABLE_POINT) !== 0;
  const own = { volts: readings.volts[0], amps: readings.amps[0], compliance };
  const none = { volts: 0, amps: 0, compliance: false };
  const column = (level: number) => (level !== 0 || liveColumns(levels).length === 0 ? own : none);
  return {
    columnA: column(levels.columnA),
    columnB: column(levels.columnB),
    row: { volts: 0, amps: -own.amps, compliance },
  };
}

function liveColumns({ columnA, columnB }: Levels): number[] {
  return [columnA, columnB].filter((volts) => volts !== 0);
}
