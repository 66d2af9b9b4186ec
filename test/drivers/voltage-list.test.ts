import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALONE_STEP_VOLTS, voltageList } from '../../drivers/keithley-2600/voltage-list.ts';

const volts = fc.array(
  fc.integer({ min: -800, max: 800 }).map((millivolts) => millivolts / 1000),
  { minLength: 1, maxLength: 60 },
);

describe('voltage lists of the source', () => {
  it('keep the points of the segment in order and end at 0 V', () => {
    fc.assert(
      fc.property(volts, fc.boolean(), (segment, alone) => {
        const { levels, keep } = alone ? voltageList(segment, ALONE_STEP_VOLTS) : voltageList(segment);
        expect(keep.map((place) => levels[place])).toEqual(segment);
        expect(levels.at(-1)).toBe(0);
        expect(keep).toEqual(keep.toSorted((a, b) => a - b));
      }),
    );
  });

  it('never step further than allowed, and never past the points of the segment', () => {
    fc.assert(
      fc.property(volts, (segment) => {
        const { levels } = voltageList(segment, ALONE_STEP_VOLTS);
        const highest = Math.max(0, ...segment);
        const lowest = Math.min(0, ...segment);
        [0, ...levels].forEach((level, i, all) => {
          if (i > 0) expect(Math.abs(level - all[i - 1])).toBeLessThan(ALONE_STEP_VOLTS + 2e-6);
          expect(level).toBeLessThanOrEqual(highest);
          expect(level).toBeGreaterThanOrEqual(lowest);
        });
      }),
    );
  });

  it('add nothing but the return to 0 V where steps are free', () => {
    expect(voltageList([0.02, -0.02])).toEqual({ levels: [0.02, -0.02, 0], keep: [0, 1] });
    expect(voltageList([-0.35, 0])).toEqual({ levels: [-0.35, 0], keep: [0, 1] });
  });
});
