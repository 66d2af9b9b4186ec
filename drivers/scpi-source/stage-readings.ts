import { PointFlag } from '../../wafer/point-flags.ts';
import type { Readings } from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { readRealBlock } from '../framing/block.ts';
import { readLine, type Wire } from '../transport/link.ts';
import type { Wait } from '../transport/transport.ts';
import type { SweepStage } from './sweep-stage.ts';

/** All families answer 9.9e37 for over range and 9.91e37 for not a number. */
const LARGEST_VALUE = 1e37;

/** A measured voltage further from 0 V than this beyond the largest programmed one is no reading of this sweep. */
const RELATIVE_SLACK = 0.1;
const SLACK_VOLTS = 0.02;

/** What each point of a reply holds, in this order. */
export const COLUMNS = { volts: 0, amps: 1, seconds: 2, status: 3 } as const;
const COLUMN_COUNT = 4;

/** What the status of a point says, normalised. */
export interface PointStatus {
  readonly compliance: boolean;
  readonly rangeCompliance: boolean;
  readonly overRange: boolean;
}

/** Volts, amps, seconds, status of each point of a stage: one reply. */
export interface StageBlock {
  readonly stage: SweepStage;
  readonly values: Float32Array;
}

/** One binary block of four columns. */
export function readBinaryStage(thing: string, wire: Wire, points: number, wait: Wait): Promise<Float32Array> {
  return readRealBlock(thing, wire, { rows: points, columns: COLUMN_COUNT }, wait);
}

/** The same as text, for links that carry no binary data. */
export async function readAsciiStage(thing: string, wire: Wire, points: number, wait: Wait): Promise<Float32Array> {
  const line = await readLine(wire, wait);
  const fields = line.split(',');
  const values = fields.map((field) => (field.trim() === '' ? Number.NaN : Number(field)));
  if (fields.length === points * COLUMN_COUNT && values.every(Number.isFinite)) return Float32Array.from(values);
  throw malformed(thing, `${fields.length} fields`, `${points * COLUMN_COUNT} numbers`);
}

/**
 * Readings of the programme's own points, in the programme's order and with the junction's sign, each as its difference to
 * what the same list read at 0 V. HI is above LO in both halves, so that an offset has the junction's sign and would not
 * drop out of a slope through both polarities: 0.3 mV, which a 2 V range may have, are 0.6 % of a reading at 50 mV.
 * TB_REPLY_MALFORMED when a voltage cannot belong to this sweep.
 */
export function readingsOf(
  thing: string,
  blocks: readonly StageBlock[],
  statusOf: (status: number) => PointStatus,
): { readings: Readings; rawStatus: number } {
  const count = blocks.reduce((sum, { stage }) => sum + stage.keep.length, 0);
  const readings = { volts: new Float32Array(count), amps: new Float32Array(count), flags: new Uint8Array(count) };
  let rawStatus = 0;
  for (const { stage, values } of blocks) {
    const most = Math.max(...stage.levels) * (1 + RELATIVE_SLACK) + SLACK_VOLTS;
    const sign = stage.polarity === 'positive' ? 1 : -1;
    const zero = readingAtZero(thing, { stage, values });
    stage.keep.forEach((place, i) => {
      const [volts, amps, , status] = values.subarray(place * COLUMN_COUNT, (place + 1) * COLUMN_COUNT);
      if (!Number.isInteger(status) || status < 0 || status >= 2 ** 32) {
        throw malformed(thing, `status ${status}`, 'a whole number');
      }
      rawStatus |= status;
      const { compliance, rangeCompliance, overRange } = statusOf(status);
      const valued = Math.abs(volts) < LARGEST_VALUE && Math.abs(amps) < LARGEST_VALUE && !overRange;
      const point = stage.points[i];
      if (valued) {
        if (!(Math.abs(volts) <= most)) throw malformed(thing, `${volts} V`, `at most ${most.toFixed(2)} V`);
        readings.volts[point] = sign * (volts - zero.volts);
        readings.amps[point] = sign * (amps - zero.amps);
      } else readings.flags[point] |= PointFlag.missing | PointFlag.overRange;
      if (compliance) readings.flags[point] |= PointFlag.compliance;
      if (rangeCompliance) readings.flags[point] |= PointFlag.rangeCompliance;
    });
  }
  return { readings, rawStatus: rawStatus >>> 0 };
}

/** Mean of what a list read at its points at 0 V: the offsets of source and meters. */
function readingAtZero(thing: string, { stage, values }: StageBlock): { volts: number; amps: number } {
  const sums = { volts: 0, amps: 0 };
  let count = 0;
  stage.levels.forEach((level, place) => {
    const [volts, amps] = values.subarray(place * COLUMN_COUNT, (place + 1) * COLUMN_COUNT);
    if (level !== 0 || !(Math.abs(volts) < LARGEST_VALUE && Math.abs(amps) < LARGEST_VALUE)) return;
    sums.volts += volts;
    sums.amps += amps;
    count += 1;
  });
  if (count === 0) throw malformed(thing, 'no reading at 0 V has a value', 'one at the end of the list');
  return { volts: sums.volts / count, amps: sums.amps / count };
}

/** Volts that were measured at the last point of a stage, where every list ends at 0 V; NaN where it has no value. */
export function lastVolts({ values }: StageBlock): number {
  const volts = values[values.length - COLUMN_COUNT + COLUMNS.volts];
  return Math.abs(volts) < LARGEST_VALUE ? volts : Number.NaN;
}

/** From the first to the last reading of each stage, by the instrument's own clock. */
export function secondsOf(blocks: readonly StageBlock[]): number {
  return blocks.reduce((sum, { values }) => {
    const last = values[values.length - COLUMN_COUNT + COLUMNS.seconds];
    return sum + Math.max(0, last - values[COLUMNS.seconds]);
  }, 0);
}

function malformed(thing: string, value: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_REPLY_MALFORMED', {
    thing,
    what: 'the readings of a sweep are not what was asked for',
    value,
    expected,
    remedy: 'The readings are not used; the link is reopened and the sweep repeated.',
  });
}
