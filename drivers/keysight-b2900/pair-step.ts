import type { Access, CurrentRange } from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { SOURCE_CHANNELS } from '../capabilities.ts';
import type { StoredSegment } from '../keithley-2600/programme-upload.ts';
import { currentRange } from '../keithley-2600/source-limits.ts';
import type { ChannelBlocks } from '../keithley-2600/sweep-reply.ts';
import { COLUMNS, readBinaryStage } from '../scpi-source/stage-readings.ts';
import { type SweepStage, stagesSeconds } from '../scpi-source/sweep-stage.ts';
import type { Wire } from '../transport/link.ts';
import { bothDone } from './both-done.ts';
import type { PairUnit, UnitChannel } from './pair-unit.ts';
import { pointInterval } from './trigger-line.ts';

/** The time that comes with the readings counts from here. */
const RESET_TIME = ':SYST:TIME:TIM:COUN:RES';

/** Column A, column B, row. */
export type ChannelStages = readonly [SweepStage, SweepStage, SweepStage];

export interface StepRanges {
  readonly A: CurrentRange;
  readonly B: CurrentRange;
}

/** Readings of one list of all three channels, in the form and with the status bits of a pair sweep. */
export interface StepBlocks {
  readonly blocks: ChannelBlocks;
  /** OR of the status words as they came, per channel. */
  readonly status: readonly [number, number, number];
  readonly seconds: number;
}

/** Volts, amps, seconds, status of a channel. */
const REPLY_COLUMNS = 4;
/** Volts, amps, status; compliance as in the reading of a pair sweep. */
const BLOCK_COLUMNS = 3;
const LIMITED = 0x40;
const NO_VALUE = 9.9e37;

/** A channel in control lies this near the level of its point, or it did not step with the others. */
const SLACK_VOLTS = 0.01;
const RELATIVE_SLACK = 0.02;

/** The points of all channels have the same times from their first, but for jitter and for what two clocks drift apart. */
const JITTER_SECONDS = 1e-4;
const CLOCK_DRIFT = 1e-4;

/** A channel that is armed answers at once, and is done when the columns are. */
const AT_ONCE_SECONDS = 5;

/** The three lists of a segment under an access: no channel goes below 0 V, and what is not driven follows the row. */
export function channelStages(
  { segment, list }: StoredSegment,
  access: Access,
  { A, B }: StepRanges,
  aloneColumnAmps: number,
): ChannelStages {
  const columns = list.levels.map((volts) => Math.max(0, volts));
  const row = list.levels.map((volts) => Math.max(0, -volts));
  const stage = (levels: readonly number[], range: CurrentRange): SweepStage => ({
    polarity: 'positive',
    levels,
    keep: [],
    points: [],
    nplc: segment.nplc,
    settleSeconds: segment.settleSeconds,
    range,
  });
  if (access === 'pair') {
    const both = ofBoth(A, B);
    return [stage(columns, A), stage(columns, B), stage(row, both)];
  }
  // The driven column also feeds the half-selected cells; the selected cell is guarded by the row's limit.
  const alone = { rangeAmps: currentRange(aloneColumnAmps), limitAmps: aloneColumnAmps };
  const [ofA, ofB] = access === 'aloneA' ? [columns, row] : [row, columns];
  return [stage(ofA, alone), stage(ofB, alone), stage(row, access === 'aloneA' ? A : B)];
}

/** The row takes the current of both columns. */
function ofBoth(A: CurrentRange, B: CurrentRange): CurrentRange {
  return { rangeAmps: currentRange(A.rangeAmps + B.rangeAmps), limitAmps: A.limitAmps + B.limitAmps };
}

/** The wires of the two instruments, held for the whole of a run. */
export interface PairWires {
  readonly columns: Wire;
  readonly row: Wire;
}

/**
 * Runs three lists of the same length in step: the row is armed and waits for the line before the columns start. The
 * readings come when all three channels are at the end of their lists.
 */
export async function runStep(
  columns: PairUnit,
  row: PairUnit,
  wires: PairWires,
  stages: ChannelStages,
  signal: AbortSignal,
): Promise<StepBlocks> {
  const points = stages[2].levels.length;
  const [a, b] = columns.channels;
  const [x] = row.channels;
  await bothDone(
    prepareColumns(columns, wires.columns, stages, signal),
    x.runner.prepare(wires.row, stages[2], signal),
  );
  // Seconds come as short floats, which hold a step of 0.1 ms only while they are small.
  await columns.scpi.write(wires.columns, [RESET_TIME], signal);
  await row.scpi.write(wires.row, [RESET_TIME], signal);
  await row.scpi.write(wires.row, [`:TRIG${x.number}:ALL:COUN ${points}`, `:INIT (@${x.number})`], signal);
  await requireNone(row, wires.row, ':SYST:ERR?', AT_ONCE_SECONDS, signal);
  const counts = [a, b].map(({ number }) => `:TRIG${number}:ALL:COUN ${points}`);
  await columns.scpi.write(wires.columns, [...counts, ':INIT (@1,2)'], signal);
  const seconds = stagesSeconds([stages[0]], columns.hertz);
  await requireDone(columns, wires.columns, seconds, signal);
  await requireDone(row, wires.row, AT_ONCE_SECONDS, signal);
  const [ofColumns, ofRow] = await bothDone(
    fetchAll(columns, wires.columns, points, signal),
    fetchAll(row, wires.row, points, signal),
  );
  return stepBlocks(row.scpi.thing, [ofColumns[0], ofColumns[1], ofRow[0]], stages, a.dialect.statusOf);
}

async function prepareColumns(unit: PairUnit, wire: Wire, stages: ChannelStages, signal: AbortSignal): Promise<void> {
  const [{ settleSeconds, nplc }] = stages;
  const interval = pointInterval(settleSeconds, nplc, unit.hertz);
  for (const [i, { runner }] of unit.channels.entries()) await runner.prepare(wire, stages[i], signal);
  await unit.scpi.write(
    wire,
    unit.channels.map(({ number }) => `:TRIG${number}:ALL:TIM ${interval}`),
    signal,
  );
  const readBacks = unit.channels.flatMap(({ number }) =>
    ['TRAN', 'ACQ'].map((layer) => ({ question: `:TRIG${number}:${layer}:TIM?`, expected: interval })),
  );
  await unit.verify(wire, readBacks, signal);
}

/** Waits for the end of the lists; the status of a point does not say whether the output was on, so that is asked then. */
async function requireDone(unit: PairUnit, wire: Wire, seconds: number, signal: AbortSignal): Promise<void> {
  const outputs = unit.channels.map(({ dialect }) => dialect.state.output);
  await requireNone(unit, wire, ['*OPC?', ...outputs, ':SYST:ERR?'].join(';'), seconds, signal);
}

/** Every answer before the error queue's must be 1, and the queue empty. */
async function requireNone(
  unit: PairUnit,
  wire: Wire,
  question: string,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const before = question.split(';').length - 1;
  const answer = await unit.scpi.ask(wire, question, signal, seconds);
  const [, flags, code, text] = /^((?:[01];)*)([+-]?\d+),"(.*)"$/.exec(answer) ?? [];
  if (flags === undefined || flags.length !== 2 * before) {
    throw unit.scpi.malformed(question, answer, `${'1;'.repeat(before)}+0,"No error"`);
  }
  if (Number(code) !== 0) throw unit.scpi.reported('a list sweep', [`${Number(code)} ${text}`]);
  if (flags.includes('0')) throw unit.scpi.reported('a list sweep', ['an output was off']);
}

async function fetchAll(unit: PairUnit, wire: Wire, points: number, signal: AbortSignal): Promise<Float32Array[]> {
  const wait = { awaited: 'the readings of a list sweep', timeoutSeconds: 10, signal };
  const replies: Float32Array[] = [];
  for (const { number } of unit.channels) {
    const read = () => readBinaryStage(unit.scpi.thing, wire, points, wait);
    replies.push(await unit.scpi.fetchTwice(wire, `:FETC:ARR? (@${number})`, read, signal));
  }
  return replies;
}

function stepBlocks(
  thing: string,
  replies: readonly [Float32Array, Float32Array, Float32Array],
  stages: ChannelStages,
  statusOf: UnitChannel['dialect']['statusOf'],
): StepBlocks {
  const status: [number, number, number] = [0, 0, 0];
  const block = (values: Float32Array, channel: 0 | 1 | 2): Float32Array => {
    const { levels } = stages[channel];
    const own = new Float32Array(levels.length * BLOCK_COLUMNS);
    levels.forEach((level, point) => {
      const reply = values.subarray(point * REPLY_COLUMNS, (point + 1) * REPLY_COLUMNS);
      const word = reply[COLUMNS.status];
      const said = Number.isInteger(word) && word >= 0 && word < 2 ** 24 ? statusOf(word) : null;
      if (said === null) throw outOfStep(thing, channel, point, `status ${word}`, 'a status word');
      status[channel] |= word;
      const [volts, amps] = [reply[COLUMNS.volts], reply[COLUMNS.amps]];
      const inControl = !said.compliance && !said.overRange;
      if (inControl && !(Math.abs(volts - level) <= SLACK_VOLTS + RELATIVE_SLACK * level)) {
        throw outOfStep(thing, channel, point, `${volts} V`, `${level} V`);
      }
      own[point * BLOCK_COLUMNS] = said.overRange ? NO_VALUE : volts;
      own[point * BLOCK_COLUMNS + 1] = said.overRange ? NO_VALUE : amps;
      own[point * BLOCK_COLUMNS + 2] = said.compliance ? LIMITED : 0;
    });
    return own;
  };
  const blocks: ChannelBlocks = [block(replies[0], 0), block(replies[1], 1), block(replies[2], 2)];
  const times = replies[0];
  requireInStep(thing, times, replies[1], 1);
  requireInStep(thing, times, replies[2], 2);
  const seconds = times[times.length - REPLY_COLUMNS + COLUMNS.seconds] - times[COLUMNS.seconds];
  return { blocks, status, seconds: Math.max(0, seconds) };
}

/**
 * A pulse too many leaves every channel at a level of its list, only not at that of the same point: the times tell. (After
 * a pulse too few the row's list does not end.)
 */
function requireInStep(thing: string, times: Float32Array, others: Float32Array, channel: 1 | 2): void {
  for (let at = COLUMNS.seconds, point = 0; at < times.length; at += REPLY_COLUMNS, point++) {
    const own = times[at] - times[COLUMNS.seconds];
    const other = others[at] - others[COLUMNS.seconds];
    if (Math.abs(other - own) <= JITTER_SECONDS + CLOCK_DRIFT * own) continue;
    throw outOfStep(thing, channel, point, `${other.toFixed(6)} s after the first`, `${own.toFixed(6)} s`);
  }
}

function outOfStep(thing: string, channel: number, point: number, value: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_REPLY_MALFORMED', {
    thing,
    what: `reading ${point} of ${SOURCE_CHANNELS[channel]} does not belong to its point: the channels were not in step`,
    value,
    expected,
    remedy: 'The readings are not used. Check the digital line between the two instruments; make the bench safe.',
  });
}
