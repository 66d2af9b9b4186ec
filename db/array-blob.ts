/** Typed arrays as little-endian BLOBs with the name of their element type. */
import { endianness } from 'node:os';

const TYPES = {
  int8: Int8Array,
  uint8: Uint8Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export type ArrayTypeName = keyof typeof TYPES;
export type StoredArray = Int8Array | Uint8Array | Uint32Array | Float32Array | Float64Array;

/** Element type of a value that can be stored as a BLOB, or null. */
export function arrayTypeOf(value: unknown): ArrayTypeName | null {
  const found = Object.entries(TYPES).find(([, type]) => value instanceof type);
  return found === undefined ? null : (found[0] as ArrayTypeName);
}

export function arrayToBlob(array: StoredArray): Buffer {
  return littleEndian(Buffer.from(array.buffer, array.byteOffset, array.byteLength), array.BYTES_PER_ELEMENT);
}

/** The array in memory of its own. */
export function blobToArray<Name extends ArrayTypeName>(
  type: Name,
  blob: Uint8Array,
): InstanceType<(typeof TYPES)[Name]> {
  const Type = TYPES[type];
  const bytes = new Uint8Array(blob);
  littleEndian(Buffer.from(bytes.buffer), Type.BYTES_PER_ELEMENT).copy(bytes);
  return new Type(bytes.buffer) as InstanceType<(typeof TYPES)[Name]>;
}

function littleEndian(bytes: Buffer, elementBytes: number): Buffer {
  if (elementBytes === 1 || endianness() === 'LE') return bytes;
  const copy = Buffer.from(bytes);
  return elementBytes === 4 ? copy.swap32() : copy.swap64();
}
