import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PointFlag, UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { type Branch, chooseBranch, slopeOhms } from '../../wafer/sweep.ts';

const branches: Branch[] = [
  { belowOhms: 1e3, action: 'lowBiasOnly', range: null },
  { belowOhms: 1.2e4, action: 'loop', range: { rangeAmps: 1e-3, limitAmps: 1e-3 } },
  { belowOhms: 1e6, action: 'loop', range: { rangeAmps: 1e-4, limitAmps: 1e-4 } },
  { belowOhms: Number.POSITIVE_INFINITY, action: 'open', range: null },
];

test('every resistance, infinite included, chooses exactly the branch whose bounds hold it', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (ohms) => {
      const index = chooseBranch(branches, ohms);
      const below = index === 0 ? 0 : branches[index - 1].belowOhms;
      expect(Math.abs(ohms)).toBeGreaterThanOrEqual(below);
      if (Number.isFinite(ohms)) expect(Math.abs(ohms)).toBeLessThan(branches[index].belowOhms);
      else expect(branches[index].action).toBe('open');
    }),
  );
});

test('the slope ignores an offset and unusable points', () => {
  const volts = Float32Array.of(0.02, -0.02, 0.05, -0.05, 0.3);
  const amps = Float32Array.from(volts, (v) => v / 18_000 + 1e-7);
  amps[4] = 1;
  const flags = Uint8Array.of(0, 0, 0, 0, PointFlag.compliance);
  expect(slopeOhms({ volts, amps, flags }, 0, 5, UNUSABLE_POINT)).toBeCloseTo(18_000, -1);
});

test('no slope from fewer than two usable points or a single voltage', () => {
  const one = { volts: Float32Array.of(0.1, 0.1), amps: Float32Array.of(1e-6, 2e-6), flags: new Uint8Array(2) };
  expect(slopeOhms(one, 0, 2, UNUSABLE_POINT)).toBeNull();
  expect(slopeOhms({ ...one, flags: Uint8Array.of(0, PointFlag.missing) }, 0, 2, UNUSABLE_POINT)).toBeNull();
});

test('no current at all is an infinite resistance, not an error', () => {
  const open = { volts: Float32Array.of(0.02, -0.02), amps: new Float32Array(2), flags: new Uint8Array(2) };
  expect(slopeOhms(open, 0, 2, UNUSABLE_POINT)).toBe(Number.POSITIVE_INFINITY);
});
