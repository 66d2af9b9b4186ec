import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binaryBlock, formatTspNumber } from '../../../drivers/simulated/keithley-2600/number-format.ts';

test.each([
  [1e-4, 6, '1.00000e-04'],
  [0, 6, '0.00000e+00'],
  [-286, 6, '-2.86000e+02'],
  [9.91e37, 6, '9.91000e+37'],
  [1 / 3, 10, '3.333333333e-01'],
  [1e-123, 2, '1.0e-123'],
  [5, 1, '5e+00'],
])('%d in %i digits prints as %s', (value, digits, text) => expect(formatTspNumber(value, digits)).toBe(text));

test('every number prints in exponent form and reads back within half a unit of the last digit', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e40, max: 1e40 }),
      fc.integer({ min: 2, max: 16 }),
      (value, digits) => {
        const text = formatTspNumber(value, digits);
        expect(text).toMatch(/^-?\d\.\d+e[+-]\d{2,3}$/);
        expect(text.replace(/^-/, '').split('e')[0]).toHaveLength(digits + 1);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(
          Math.abs(value) * 0.51 * 10 ** (1 - digits) + 5e-324,
        );
      },
    ),
  );
});

test('a binary block has its header, its values in the byte order asked for, and a line feed', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true })), fc.boolean(), (values, little) => {
      const block = binaryBlock(values, 4, little ? 'little' : 'big');
      expect(block.subarray(0, 2).toString()).toBe('#0');
      expect(block.length).toBe(2 + 4 * values.length + 1);
      expect(block[block.length - 1]).toBe(0x0a);
      const read = values.map((_, i) => (little ? block.readFloatLE(2 + 4 * i) : block.readFloatBE(2 + 4 * i)));
      expect(read).toEqual(values);
    }),
  );
});
