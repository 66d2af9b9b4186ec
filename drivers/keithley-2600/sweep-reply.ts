import { PointFlag } from '../../wafer/point-flags.ts';
import type { Readings, SideReading, SweepKind } from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { PairReading, SweepRequest } from '../capabilities.ts';
import { isBranchOf, preReadOhms } from './pre-read-branch.ts';
import type { StoredProgramme, StoredSegment } from './programme-upload.ts';

/** Bit of the status word that comes with each reading (reference manual, "Buffer status"): source in compliance. */
const STATUS_COMPLIANCE = 0x40;
/** Automatic range changes of measurement and source. */
const STATUS_AUTO_RANGE = 0x04 | 0x08;

/** Keithley answers 9.9e37 for over range and 9.91e37 for not a number. */
const LARGEST_VALUE = 1e37;

/** What the instrument says when all channels are back at 0 V, before the data. Branches count from 0. */
export interface IdleLine {
  readonly did: 'preRead' | 'open' | 'lowBias' | 'loop' | 'quick';
  readonly branchA: number;
  readonly branchB: number;
  readonly points: number;
  readonly lastTimestamp: number;
}

/** Interleaved V, I, status of the three channels in the order column A, column B, row. */
export type ChannelBlocks = readonly [Float32Array, Float32Array, Float32Array];

/** "TBIDLE <token> <did> <branch> <branch> <points> <points> <points> <seconds>", or null when the line is another. */
export function parseIdleLine(line: string): (IdleLine & { token: string }) | null {
  const parsed =
    /^TBIDLE (\d{1,10}) (preRead|open|lowBias|loop|quick) (\d{1,3}) (\d{1,3}) (\d{1,5}) (\d{1,5}) (\d{1,5}) ([\d.e+-]+)$/.exec(
      line,
    );
  if (!parsed || parsed[5] !== parsed[6] || parsed[6] !== parsed[7]) return null;
  const [, token, did, branchA, branchB, points, , , seconds] = parsed;
  const lastTimestamp = Number(seconds);
  if (!Number.isFinite(lastTimestamp)) return null;
  return {
    token,
    did: did as IdleLine['did'],
    branchA: Number(branchA) - 1,
    branchB: Number(branchB) - 1,
    points: Number(points),
    lastTimestamp,
  };
}

/** The segments that a run has measured, in the order of the readings. */
export function measuredSegments(
  stored: StoredProgramme,
  { access, run }: Pick<SweepRequest, 'access' | 'run'>,
  did: IdleLine['did'],
): readonly StoredSegment[] {
  const quick = access === 'pair' ? stored.quick : stored.quickAlone;
  if (run === 'quick') return did === 'quick' ? quick : quick.slice(0, 1);
  const [preRead, lowBias, ...loop] = access === 'pair' ? stored.pair : stored.alone;
  switch (did) {
    case 'preRead':
      return [preRead];
    case 'open':
      return [preRead, preRead];
    case 'lowBias':
      return [preRead, lowBias];
    case 'loop':
      return [preRead, ...loop];
    case 'quick':
      return quick;
  }
}

/** Turns the blocks of a run into the readings of its sides; TB_REPLY_MISMATCH when counts or branches do not fit. */
export function pairReading(
  thing: string,
  stored: StoredProgramme,
  request: SweepRequest,
  idle: IdleLine,
  blocks: ChannelBlocks,
): PairReading {
  const { token, access } = request;
  const segments = measuredSegments(stored, request, idle.did);
  const places = keptPlaces(stored, request, idle.did, segments);
  const kind: SweepKind = idle.did === 'preRead' ? 'open' : idle.did;
  const side = (own: 0 | 1, branch: number): SideReading => {
    const readings = sideReadings(blocks, own, access === 'pair', places);
    const ohms = preReadOhms(readings, segments[0].segment.volts.length);
    if (!isBranchOf(stored.programme.branches, ohms, branch)) throw branchMismatch(thing, own, ohms, branch);
    return { kind, branch, readings, rawStatus: rawStatus(blocks, own) };
  };
  return {
    token,
    access,
    A: access === 'aloneB' ? null : side(0, idle.branchA),
    B: access === 'aloneA' ? null : side(1, idle.branchB),
    preReadOnly: idle.did === 'preRead',
    residualAmps: residualAmps(blocks),
    instrumentSeconds: idle.lastTimestamp,
  };
}

/** Places of the programme's own points among all points of the run; worked out once for each kind of run. */
function keptPlaces(
  stored: StoredProgramme,
  { access, run }: Pick<SweepRequest, 'access' | 'run'>,
  did: IdleLine['did'],
  segments: readonly StoredSegment[],
): Int32Array {
  const ofProgramme = PLACES.get(stored) ?? new Map<string, Int32Array>();
  PLACES.set(stored, ofProgramme);
  const key = `${access === 'pair' ? 'pair' : 'alone'} ${run === 'quick' ? run : did} ${did}`;
  const known = ofProgramme.get(key);
  if (known !== undefined) return known;
  const places: number[] = [];
  let start = 0;
  for (const { list } of segments) {
    for (const place of list.keep) places.push(start + place);
    start += list.levels.length;
  }
  const kept = Int32Array.from(places);
  ofProgramme.set(key, kept);
  return kept;
}

const PLACES = new WeakMap<StoredProgramme, Map<string, Int32Array>>();

/** In a pair the current is the column's own; alone it is what returns through the row, whose sign is the opposite. */
export function sideReadings(blocks: ChannelBlocks, own: 0 | 1, pair: boolean, places: Int32Array): Readings {
  const column = blocks[own];
  const partner = blocks[own === 0 ? 1 : 0];
  const row = blocks[2];
  // One piece of memory for all three: taking it costs more than filling it.
  const count = places.length;
  const memory = new ArrayBuffer(9 * count);
  const volts = new Float32Array(memory, 0, count);
  const amps = new Float32Array(memory, 4 * count, count);
  const flags = new Uint8Array(memory, 8 * count, count);
  for (let i = 0; i < count; i++) {
    const at = 3 * places[i];
    const current = pair ? column[at + 1] : -row[at + 1];
    let flag = 0;
    if (hasValue(column[at]) && hasValue(row[at]) && hasValue(current)) {
      volts[i] = column[at] - row[at];
      amps[i] = current;
    } else flag = PointFlag.missing | PointFlag.overRange;
    const status = column[at + 2] | row[at + 2];
    if (status & STATUS_COMPLIANCE) flag |= PointFlag.compliance;
    if (status & STATUS_AUTO_RANGE) flag |= PointFlag.autoRange;
    if (partner[at + 2] & STATUS_COMPLIANCE) flag |= PointFlag.partnerLimited;
    flags[i] = flag;
  }
  return { volts, amps, flags };
}

function hasValue(value: number): boolean {
  return Math.abs(value) < LARGEST_VALUE;
}

/** OR of the status words of the side's own column and of the row, over all points of the run. */
function rawStatus(blocks: ChannelBlocks, own: 0 | 1): number {
  const column = blocks[own];
  const row = blocks[2];
  let status = 0;
  for (let at = 2; at < column.length; at += 3) status |= column[at] | row[at];
  return status >>> 0;
}

/** Largest |sum of the three currents|, over the points where all three have a value. */
function residualAmps([columnA, columnB, row]: ChannelBlocks): number {
  let largest = 0;
  for (let at = 1; at < row.length; at += 3) {
    const a = columnA[at];
    const b = columnB[at];
    const r = row[at];
    if (hasValue(a) && hasValue(b) && hasValue(r)) largest = Math.max(largest, Math.abs(a + b + r));
  }
  return largest;
}

function branchMismatch(thing: string, own: 0 | 1, ohms: number | null, branch: number): TunnelbenchError {
  return new TunnelbenchError('TB_REPLY_MISMATCH', {
    thing,
    what: `the branch chosen by the instrument for side ${own === 0 ? 'A' : 'B'} does not follow from its readings`,
    value: `branch ${branch}, pre-read ${ohms === null ? 'without a usable point' : `${ohms.toPrecision(4)} Ω`}`,
    remedy: 'The sweep is not stored; reopen the link, configure and load the programme again.',
  });
}
