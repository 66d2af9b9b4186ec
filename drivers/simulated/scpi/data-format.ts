/** How readings are sent: as text, or as binary blocks of 4- or 8-byte floats. */
export interface DataFormat {
  type: 'ASCii' | 'REAL32' | 'REAL64';
  /** NORMal is big endian, SWAPped little endian. */
  order: 'NORMal' | 'SWAPped';
}

/** Header of a binary block: "#0", whose end only the length or END tells, or "#<n><length>". */
export type BlockHeader = 'indefinite' | 'definite';

export function encodeReadings(
  values: readonly number[],
  { type, order }: DataFormat,
  header: BlockHeader,
  text: (value: number, place: number) => string,
): string | Uint8Array {
  if (type === 'ASCii') return values.map(text).join(',');
  const size = type === 'REAL32' ? 4 : 8;
  const data = Buffer.alloc(values.length * size);
  values.forEach((value, i) => {
    const at = i * size;
    if (size === 4) order === 'SWAPped' ? data.writeFloatLE(value, at) : data.writeFloatBE(value, at);
    else order === 'SWAPped' ? data.writeDoubleLE(value, at) : data.writeDoubleBE(value, at);
  });
  const length = String(data.length);
  const head = header === 'indefinite' ? '#0' : `#${length.length}${length}`;
  return Buffer.concat([Buffer.from(head, 'latin1'), data]);
}
