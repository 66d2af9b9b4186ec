import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** Contents of an IDX file of unsigned bytes. */
export interface IdxBytes {
  /** Sizes of the dimensions, slowest first: images are [count, rows, columns], labels [count]. */
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads IDX, the format of MNIST and its kin: two zero bytes, a type, the number of dimensions, each size as a
 * big-endian 32-bit integer, the data.
 *
 * @param file name for errors
 * @throws TB_DATASET_INVALID when anything does not add up to the last byte
 */
export function parseIdx(bytes: Uint8Array, file: string, dimensionCount: number): IdxBytes {
  const refuse = (what: string, value: string, expected: string) =>
    new TunnelbenchError('TB_DATASET_INVALID', {
      thing: file,
      what,
      value,
      expected,
      remedy: 'Fetch the file again; it must be an uncompressed IDX file of unsigned bytes.',
    });
  const headerBytes = 4 + 4 * dimensionCount;
  if (bytes.length < headerBytes) {
    throw refuse('the file ends inside its header', `${bytes.length} bytes`, `at least ${headerBytes} bytes`);
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw refuse('the file is compressed', 'gzip', 'IDX');
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTE || bytes[3] !== dimensionCount) {
    const wanted = `0000 08${hex(dimensionCount)}`;
    throw refuse('wrong magic number', `${hex(bytes[0])}${hex(bytes[1])} ${hex(bytes[2])}${hex(bytes[3])}`, wanted);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = Array.from({ length: dimensionCount }, (_, d) => view.getUint32(4 + 4 * d));
  if (dimensions.some((size) => size === 0)) {
    throw refuse('a dimension is empty', dimensions.join(' × '), 'every size at least 1');
  }
  const dataBytes = dimensions.reduce((product, size) => product * size, 1);
  if (bytes.length - headerBytes !== dataBytes) {
    throw refuse(
      bytes.length - headerBytes < dataBytes ? 'the file is truncated' : 'the file is longer than its header says',
      `${bytes.length - headerBytes} data bytes`,
      `${dataBytes} (${dimensions.join(' × ')})`,
    );
  }
  return { dimensions, data: bytes.subarray(headerBytes) };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
