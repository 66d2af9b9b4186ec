/** NumPy's .npy format, version 1.0, for one-dimensional arrays of bytes and doubles (numpy.lib.format). */
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);
const DESCRIPTIONS = { '|u1': Uint8Array, '<f8': Float64Array } as const;

export type NpyArray = Uint8Array | Float64Array;

/** The array as a .npy file with the given shape (row-major); the product of the shape must be the length. */
export function encodeNpy(array: NpyArray, shape: readonly number[]): Uint8Array {
  const description = array instanceof Uint8Array ? '|u1' : '<f8';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The header is padded with spaces so that the data start at a multiple of 64 bytes.
  const padding = 64 - ((MAGIC.length + 2 + text.length + 1) % 64);
  const header = new TextEncoder().encode(`${text}${' '.repeat(padding % 64)}\n`);
  const bytes = new Uint8Array(MAGIC.length + 2 + header.length + array.byteLength);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, header.length, true);
  bytes.set(header, MAGIC.length + 2);
  bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), MAGIC.length + 2 + header.length);
  return bytes;
}

/** Reads what encodeNpy, or numpy.save on a little-endian machine, wrote. Throws TB_DIE_MODEL_INVALID naming the array. */
export function decodeNpy(bytes: Uint8Array, thing: string): { array: NpyArray; shape: number[] } {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) fail(thing, 'not a .npy file of version 1.0');
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder('latin1').decode(bytes.subarray(10, 10 + headerLength));
  const [, description] = /'descr':\s*'([^']*)'/.exec(header) ?? [];
  const [, order] = /'fortran_order':\s*(\w+)/.exec(header) ?? [];
  const [, sizes] = /'shape':\s*\(([^)]*)\)/.exec(header) ?? [];
  const shape = (sizes ?? '')
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (description !== '|u1' && description !== '<f8')
    fail(thing, 'an element type other than |u1 and <f8', description);
  if (order !== 'False' || shape.some((size) => !Number.isInteger(size))) fail(thing, 'an unreadable header', header);
  const Elements = DESCRIPTIONS[description];
  const data = bytes.slice(10 + headerLength);
  const length = shape.reduce((product, size) => product * size, 1);
  if (data.byteLength !== length * Elements.BYTES_PER_ELEMENT) fail(thing, 'fewer or more bytes than its shape says');
  return { array: new Elements(data.buffer), shape };
}

function fail(thing: string, what: string, value?: string): never {
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
    thing,
    what,
    ...(value !== undefined && { value }),
    remedy: 'Export the die model again with "tunnelbench export-models".',
  });
}
