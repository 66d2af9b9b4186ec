import { type Polarity, polarityParts } from '../../wafer/polarity.ts';
import type { CurrentRange, Segment } from '../../wafer/sweep.ts';
import { voltageList } from '../keithley-2600/voltage-list.ts';

/** Lists up to this long are reads, as far as the points at 0 V are concerned. */
const MOST_READ_POINTS = 12;

/** Lists that one list of the instrument can hold: the same polarity, integration time, settling, range and limit. */
export interface SweepStage {
  readonly polarity: Polarity;
  /** What HI is set to against LO, never below 0 V; every list of the programme returns to 0 V. */
  readonly levels: readonly number[];
  /** Places in `levels` of the points that belong to the programme. */
  readonly keep: readonly number[];
  /** For each of those its place among all points of the run. */
  readonly points: readonly number[];
  readonly nplc: number;
  readonly settleSeconds: number;
  readonly range: CurrentRange;
}

/** Where a run stands: how the route has the junction, and how many points are spoken for. */
export interface RunPlace {
  readonly polarity: Polarity;
  readonly points: number;
}

/**
 * Cuts segments where the junction voltage changes its sign, and joins what follows on one polarity into as few stages
 * as the settings allow. `branch` serves where a segment has no own range.
 */
export function sweepStages(segments: readonly Segment[], branch: CurrentRange, from: RunPlace): SweepStage[] {
  const stages: SweepStage[] = [];
  let { polarity: present, points: first } = from;
  for (const { volts, nplc, settleSeconds, fixed } of segments) {
    for (const part of polarityParts(volts, present)) {
      const list = voltageList(part.volts.map(Math.abs));
      const levels = [...list.levels, ...extraZeros(part.volts)];
      const { keep } = list;
      const points = part.places.map((place) => first + place);
      const stage = { polarity: part.polarity, levels, keep, points, nplc, settleSeconds, range: fixed ?? branch };
      const last = stages.at(-1);
      if (last !== undefined && sameSettings(last, stage)) stages[stages.length - 1] = joined(last, stage);
      else stages.push(stage);
      present = part.polarity;
    }
    first += volts.length;
  }
  return stages;
}

/**
 * Further points at 0 V behind a list at low bias: their mean is taken off its readings and must not add to their noise.
 * A longer list is not read for its slope.
 */
function extraZeros(volts: readonly number[]): number[] {
  return volts.length <= MOST_READ_POINTS ? volts.flatMap(() => [0, 0]) : [];
}

function joined(one: SweepStage, next: SweepStage): SweepStage {
  const offset = one.levels.length;
  return {
    ...one,
    levels: [...one.levels, ...next.levels],
    keep: [...one.keep, ...next.keep.map((place) => place + offset)],
    points: [...one.points, ...next.points],
  };
}

function sameSettings(one: SweepStage, other: SweepStage): boolean {
  return (
    one.polarity === other.polarity &&
    one.nplc === other.nplc &&
    one.settleSeconds === other.settleSeconds &&
    one.range.rangeAmps === other.range.rangeAmps &&
    one.range.limitAmps === other.range.limitAmps
  );
}

/** Commands that define a list, a part of it at a time: a list too long for one command goes on with APPend. */
export function listCommands(header: string, levels: readonly number[], perCommand: number): string[] {
  const commands: string[] = [];
  for (let from = 0; from < levels.length; from += perCommand) {
    const part = levels.slice(from, from + perCommand).join(',');
    commands.push(`${header}${from === 0 ? '' : ':APP'} ${part}`);
  }
  return commands;
}

/** Time a point takes beside settling and integration, and a stage beside its points: estimates on the long side. */
const POINT_SECONDS = 0.005;
const STAGE_SECONDS = 0.2;
const MARGIN = 1.5;
const MARGIN_SECONDS = 5;

/** Longest time that stages can take inside the instrument. */
export function stagesSeconds(stages: readonly SweepStage[], lineHertz: number): number {
  const seconds = stages.reduce((sum, { levels, nplc, settleSeconds }) => {
    return sum + STAGE_SECONDS + levels.length * (settleSeconds + nplc / lineHertz + POINT_SECONDS);
  }, 0);
  return MARGIN * seconds + MARGIN_SECONDS;
}
