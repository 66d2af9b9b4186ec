/**
 * How the instrument prints a number in ASCII: `digits` significant digits in exponent form with at least two exponent
 * digits, as C's %e does ("1.00000e-04" for 1e-4 and 6 digits, the default of format.asciiprecision).
 */
export function formatTspNumber(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const text = value.toExponential(Math.min(Math.max(digits, 1), 16) - 1);
  const at = text.indexOf('e');
  const exponent = text.slice(at + 2);
  return `${text.slice(0, at + 2)}${exponent.length < 2 ? `0${exponent}` : exponent}`;
}

type ByteOrder = 'big' | 'little';

/** `#0`, the values back to back as 4- or 8-byte IEEE 754 numbers, and a line feed. */
export function binaryBlock(values: readonly number[], bytesPerValue: 4 | 8, order: ByteOrder): Buffer {
  const block = Buffer.alloc(3 + values.length * bytesPerValue);
  block.write('#0', 'latin1');
  const view = new DataView(block.buffer, block.byteOffset + 2);
  const little = order === 'little';
  for (let i = 0; i < values.length; i++) {
    if (bytesPerValue === 4) view.setFloat32(i * 4, values[i], little);
    else view.setFloat64(i * 8, values[i], little);
  }
  block[block.length - 1] = 0x0a;
  return block;
}
