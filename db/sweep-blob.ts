/**
 * The bytes of a sweep: volts float32 LE [n] | amps float32 LE [n] | flags uint8 [n], 9 n bytes. The CRC-32 covers the
 * other columns of the row too, so that readings that ended up on another cell's row are found.
 */
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import type { Readings } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { SweepRecord } from './records.ts';

export const BYTES_PER_POINT = 9;

const hostIsLittleEndian = endianness() === 'LE';

/** Writes the readings to `target` at `offset` and returns the bytes written as a view on `target`. */
export function encodeReadings({ volts, amps, flags }: Readings, target: ArrayBuffer, offset = 0): Buffer {
  const points = flags.length;
  if (volts.length !== points || amps.length !== points) {
    throw invalid('volts, amps and flags differ in length', `${volts.length}, ${amps.length}, ${points}`, 'one length');
  }
  for (let i = 0; i < points; i++) {
    if (Number.isNaN(volts[i]) || Number.isNaN(amps[i])) throw invalid('a reading is NaN', `point ${i}`, 'a number');
  }
  const bytes = Buffer.from(target, offset, points * BYTES_PER_POINT);
  bytes.set(bytesOf(volts), 0);
  bytes.set(bytesOf(amps), points * 4);
  bytes.set(flags, points * 8);
  if (!hostIsLittleEndian) bytes.subarray(0, points * 8).swap32();
  return bytes;
}

/** The readings in new arrays of their own; the BLOB's length decides the number of points. */
export function decodeReadings(blob: Uint8Array): Readings {
  const points = blob.length / BYTES_PER_POINT;
  if (!Number.isInteger(points)) {
    throw invalid('the BLOB has no whole number of points', `${blob.length} bytes`, 'a multiple of 9 bytes');
  }
  const floats = new Float32Array(points * 2);
  const floatBytes = bytesOf(floats);
  floatBytes.set(blob.subarray(0, points * 8));
  if (!hostIsLittleEndian) floatBytes.swap32();
  return {
    volts: floats.slice(0, points),
    amps: floats.slice(points),
    flags: new Uint8Array(blob.subarray(points * 8)),
  };
}

const figures = Buffer.alloc(48);

/**
 * CRC-32 (zlib's polynomial) over, in this order: the text "attemptId|die|cell|repeat|kind|access|side|branch|points";
 * the six columns range_amps, limit_amps, started_at_ms, instrument_seconds, raw_status, residual_amps as float64 LE;
 * the BLOB.
 */
export function sweepChecksum(sweep: Omit<SweepRecord, 'readings'>, blob: Uint8Array): number {
  const { attemptId, dieOrdinal, cell, repeat, kind, access, side, branch } = sweep;
  const points = blob.length / BYTES_PER_POINT;
  const key = `${attemptId}|${dieOrdinal}|${cell}|${repeat}|${kind}|${access}|${side}|${branch}|${points}`;
  figures.writeDoubleLE(sweep.rangeAmps, 0);
  figures.writeDoubleLE(sweep.limitAmps, 8);
  figures.writeDoubleLE(sweep.startedAtMs, 16);
  figures.writeDoubleLE(sweep.instrumentSeconds, 24);
  figures.writeDoubleLE(sweep.rawStatus, 32);
  figures.writeDoubleLE(sweep.residualAmps, 40);
  return crc32(blob, crc32(figures, crc32(key)));
}

function bytesOf(array: Float32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function invalid(what: string, value: string, expected: string): TunnelbenchError {
  const remedy = 'The sweep was refused; nothing of it was stored.';
  return new TunnelbenchError('TB_WRITER_FAILED', { thing: 'sweep readings', what, value, expected, remedy });
}
