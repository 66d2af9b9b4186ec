import type { CurrentRange, Segment } from '../../wafer/sweep.ts';
import { voltageList } from '../keithley-2600/voltage-list.ts';

/** Segments that one list of the instrument can hold: the same integration time, settling, range and limit. */
export interface SweepStage {
  /** Levels as sent; every segment returns to 0 V. */
  readonly levels: readonly number[];
  /** Places in `levels` of the points that belong to the programme. */
  readonly keep: readonly number[];
  readonly nplc: number;
  readonly settleSeconds: number;
  readonly range: CurrentRange;
}

/** Joins neighbouring segments into as few stages as their settings allow. `branch` serves where a segment has no own range. */
export function sweepStages(segments: readonly Segment[], branch: CurrentRange): SweepStage[] {
  const stages: SweepStage[] = [];
  for (const { volts, nplc, settleSeconds, fixed } of segments) {
    const { levels, keep } = voltageList(volts);
    const range = fixed ?? branch;
    const last = stages.at(-1);
    if (last !== undefined && sameSettings(last, nplc, settleSeconds, range)) {
      const offset = last.levels.length;
      const joined = { levels: [...last.levels, ...levels], keep: [...last.keep, ...keep.map((i) => i + offset)] };
      stages[stages.length - 1] = { ...last, ...joined };
    } else stages.push({ levels, keep, nplc, settleSeconds, range });
  }
  return stages;
}

function sameSettings(stage: SweepStage, nplc: number, settleSeconds: number, range: CurrentRange): boolean {
  return (
    stage.nplc === nplc &&
    stage.settleSeconds === settleSeconds &&
    stage.range.rangeAmps === range.rangeAmps &&
    stage.range.limitAmps === range.limitAmps
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
