/**
 * The bytes of a sweep: volts float32 LE [n] | amps float32 LE [n] | flags uint8 [n], 9 n bytes; flags that are all 0 are
 * left out, 8 n bytes. The CRC-32 covers the other columns of the row too, so that readings that ended up on another
 * cell's row are found.
 */
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import type { Readings } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { SweepRecord } from './records.ts';

/** Most bytes a point takes. */
export const BYTES_PER_POINT = 9;
const FIGURE_BYTES_PER_POINT = 8;

const hostIsLittleEndian = endianness() === 'LE';

/** Throws TB_WRITER_FAILED for readings that are no readings: NaN, arrays of different lengths. */
export function checkReadings({ volts, amps, flags }: Readings): void {
  const points = flags.length;
  if (volts.length !== points || amps.length !== points) {
    throw invalid('volts, amps and flags differ in length', `${volts.length}, ${amps.length}, ${points}`, 'one length');
  }
  for (let i = 0; i < points; i++) {
    if (Number.isNaN(volts[i]) || Number.isNaN(amps[i])) throw invalid('a reading is NaN', `point ${i}`, 'a number');
  }
}

/** Writes checked readings to `target` at `offset` and returns how many bytes they took. */
export function encodeReadings({ volts, amps, flags }: Readings, target: Uint8Array, offset = 0): number {
  const points = flags.length;
  const figureBytes = points * FIGURE_BYTES_PER_POINT;
  target.set(bytesOf(volts), offset);
  target.set(bytesOf(amps), offset + points * 4);
  if (!hostIsLittleEndian) bytesOf(target.subarray(offset, offset + figureBytes)).swap32();
  if (!someOf(flags)) return figureBytes;
  target.set(flags, offset + figureBytes);
  return points * BYTES_PER_POINT;
}

/** The readings of so many points in new arrays of their own. */
export function decodeReadings(blob: Uint8Array, points: number): Readings {
  if (!fitsPoints(blob, points)) {
    const expected = `${points * FIGURE_BYTES_PER_POINT} or ${points * BYTES_PER_POINT} bytes for ${points} points`;
    throw invalid('the BLOB has another length', `${blob.length} bytes`, expected);
  }
  const floats = new Float32Array(points * 2);
  const floatBytes = bytesOf(floats);
  floatBytes.set(blob.subarray(0, points * FIGURE_BYTES_PER_POINT));
  if (!hostIsLittleEndian) floatBytes.swap32();
  const flags = new Uint8Array(points);
  flags.set(blob.subarray(points * FIGURE_BYTES_PER_POINT));
  return { volts: floats.slice(0, points), amps: floats.slice(points), flags };
}

/** Whether a BLOB is as long as one of so many points, with flags or without. */
export function fitsPoints(blob: Uint8Array, points: number): boolean {
  return blob.length === points * FIGURE_BYTES_PER_POINT || blob.length === points * BYTES_PER_POINT;
}

const figures = Buffer.alloc(48);

/**
 * CRC-32 (zlib's polynomial) over, in this order: the text "attemptId|die|cell|repeat|kind|access|side|branch|points";
 * the six columns range_amps, limit_amps, started_at_ms, instrument_seconds, raw_status, residual_amps as float64 LE;
 * the BLOB.
 */
export function sweepChecksum(sweep: Omit<SweepRecord, 'readings'>, points: number, blob: Uint8Array): number {
  const { attemptId, dieOrdinal, cell, repeat, kind, access, side, branch } = sweep;
  const key = `${attemptId}|${dieOrdinal}|${cell}|${repeat}|${kind}|${access}|${side}|${branch}|${points}`;
  figures.writeDoubleLE(sweep.rangeAmps, 0);
  figures.writeDoubleLE(sweep.limitAmps, 8);
  figures.writeDoubleLE(sweep.startedAtMs, 16);
  figures.writeDoubleLE(sweep.instrumentSeconds, 24);
  figures.writeDoubleLE(sweep.rawStatus, 32);
  figures.writeDoubleLE(sweep.residualAmps, 40);
  return crc32(blob, crc32(figures, crc32(key)));
}

function someOf(flags: Uint8Array): boolean {
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) return true;
  return false;
}

function bytesOf(array: Float32Array | Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function invalid(what: string, value: string, expected: string): TunnelbenchError {
  const remedy = 'The sweep was refused; nothing of it was stored.';
  return new TunnelbenchError('TB_WRITER_FAILED', { thing: 'sweep readings', what, value, expected, remedy });
}
