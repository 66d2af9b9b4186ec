import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkReadings, decodeReadings, encodeReadings, sweepChecksum } from '../../db/sweep-blob.ts';
import { sampleAttempt, samplePlan, sampleSession, sampleSweep } from './sample-records.ts';

const number32 = fc.float({ noNaN: true });
const readings = fc
  .array(fc.tuple(number32, number32, fc.integer({ min: 0, max: 255 })), { maxLength: 300 })
  .map((points) => ({
    volts: Float32Array.from(points, ([volts]) => volts),
    amps: Float32Array.from(points, ([, amps]) => amps),
    flags: Uint8Array.from(points, ([, , flags]) => flags),
  }));

const sweep = sampleSweep(sampleAttempt(sampleSession(samplePlan())), 11);

describe('the bytes of a sweep', () => {
  it('give back what was written, wherever they lie in a buffer', () => {
    fc.assert(
      fc.property(readings, fc.integer({ min: 0, max: 17 }), (written, offset) => {
        const target = new Uint8Array(offset + written.flags.length * 9);
        const length = encodeReadings(written, target, offset);
        expect(length).toBe(written.flags.length * (written.flags.some((flags) => flags !== 0) ? 9 : 8));
        const read = decodeReadings(target.subarray(offset, offset + length), written.flags.length);
        expect(read).toEqual(written);
        // Float32Array equality takes −0 for 0 in some runners: the bytes are what counts.
        expect(Buffer.from(read.volts.buffer).equals(Buffer.from(written.volts.buffer))).toBe(true);
      }),
    );
  });

  it('are volts, amps, flags, little-endian', () => {
    const readings = { volts: Float32Array.of(1, -2), amps: Float32Array.of(0.5, 0), flags: Uint8Array.of(3, 32) };
    const bytes = Buffer.alloc(18);
    expect(encodeReadings(readings, bytes)).toBe(18);
    expect(bytes.toString('hex')).toBe('0000803f000000c00000003f000000000320');
  });

  it('leave flags out that are all 0', () => {
    const readings = { volts: Float32Array.of(1, -2), amps: Float32Array.of(0.5, 0), flags: new Uint8Array(2) };
    const bytes = Buffer.alloc(18, 0xee);
    expect(encodeReadings(readings, bytes)).toBe(16);
    expect(bytes.toString('hex')).toBe('0000803f000000c00000003f00000000eeee');
    expect(decodeReadings(bytes.subarray(0, 16), 2)).toEqual(readings);
  });

  it('are refused with a NaN, with arrays of different lengths, and when cut off', () => {
    const good = { volts: new Float32Array(2), amps: new Float32Array(2), flags: new Uint8Array(2) };
    expect(() => checkReadings({ ...good, volts: Float32Array.of(0, Number.NaN) })).toThrow(/point 1/);
    expect(() => checkReadings({ ...good, amps: new Float32Array(3) })).toThrow(/2, 3, 2/);
    expect(() => decodeReadings(new Uint8Array(17), 2)).toThrow(/17 bytes/);
    // 72 bytes are 9 points without flags or 8 with them: the number of points says which.
    expect(decodeReadings(new Uint8Array(72), 9).flags.length).toBe(9);
    expect(decodeReadings(new Uint8Array(72), 8).flags.length).toBe(8);
  });
});

describe('the checksum', () => {
  const points = sweep.readings.flags.length;
  const bytes = Buffer.alloc(points * 9);
  const blob = bytes.subarray(0, encodeReadings(sweep.readings, bytes));

  it('notices any changed bit of the readings', () => {
    const whole = sweepChecksum(sweep, points, blob);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: blob.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(blob);
        changed[bit >> 3] ^= 1 << (bit & 7);
        expect(sweepChecksum(sweep, points, changed)).not.toBe(whole);
      }),
    );
  });

  it('notices readings that lie on the row of another sweep', () => {
    const whole = sweepChecksum(sweep, points, blob);
    const others = [
      { attemptId: sampleAttempt(sampleSession(samplePlan())).id },
      { dieOrdinal: 1 },
      { cell: 12 },
      { repeat: 1 },
      { kind: 'open' },
      { access: 'aloneA' },
      { side: 'A' },
      { branch: 2 },
      { rangeAmps: 1e-3 },
      { limitAmps: 1e-3 },
      { startedAtMs: sweep.startedAtMs + 1 },
      { instrumentSeconds: 1 },
      { rawStatus: 1 },
      { residualAmps: 0 },
    ] as const;
    const sums = others.map((change) => sweepChecksum({ ...sweep, ...change }, points, blob));
    sums.push(sweepChecksum(sweep, points + 1, blob));
    expect(new Set([whole, ...sums]).size).toBe(others.length + 2);
  });
});
