import { endianness } from 'node:os';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Wire } from '../transport/link.ts';
import type { Wait } from '../transport/transport.ts';

const HOST_IS_LITTLE_ENDIAN = endianness() === 'LE';
const HASH = 0x23;
const ZERO = 0x30;
const LINE_FEED = 0x0a;
const FLOAT_BYTES = 4;

/** So many headers in their places are no accident of the data (2^-16 each); one line feed in its place can be. */
const ENOUGH_HEADERS = 3;

/** Shape of a block of interleaved 32-bit floats: one record per row, one value per column. */
export interface RealShape {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Reads one IEEE 488.2 arbitrary block of little-endian 32-bit floats and its line feed; returns rows × columns values.
 *
 * A definite block ("#<n><length>") must announce exactly the expected length. For an indefinite block ("#0") the
 * expected count is read, because 0x0A can be data. Keithley's pages say that its header stands at the start of the
 * data of each conversion, other notes say once per reply: both layouts are accepted and told apart by their length
 * and by the header before each record. A reply that fits none, or a short one that fits both, is TB_REPLY_MALFORMED:
 * never a wrong number.
 */
export async function readRealBlock(thing: string, wire: Wire, shape: RealShape, wait: Wait): Promise<Float32Array> {
  const { rows, columns } = shape;
  const dataBytes = rows * columns * FLOAT_BYTES;
  const head = await wire.readExactly(2, wait);
  if (head[0] !== HASH) throw malformed(thing, 'a block does not begin with "#"', hex(head), '"#0" or "#<n><length>"');
  if (head[1] !== ZERO) {
    await readAnnouncedLength(thing, wire, head[1], dataBytes, wait);
    const data = await wire.readExactly(dataBytes, wait);
    await readLineFeed(thing, wire, wait);
    return floats(data, rows * columns);
  }
  const once = await wire.readExactly(dataBytes + 1, wait);
  const headers = headersPerRecord(once, rows, columns);
  const perRecord = headers > 0;
  const endsOnce = once[dataBytes] === LINE_FEED;
  if (perRecord && headers < ENOUGH_HEADERS && endsOnce) {
    throw malformed(
      thing,
      'a block fits both header layouts',
      `${dataBytes + 3} bytes`,
      'a header per reply or per record',
    );
  }
  if (!perRecord) {
    if (!endsOnce) throw malformed(thing, 'a block does not end where it should', hex(once.subarray(-1)), '0a');
    return floats(once, rows * columns);
  }
  const rest = await wire.readExactly(2 * (rows - 1), wait);
  if (rest.at(-1) !== LINE_FEED)
    throw malformed(thing, 'a block does not end where it should', hex(rest.subarray(-1)), '0a');
  return withoutHeaders(thing, Buffer.concat([once, rest]), rows, columns);
}

/** The definite form, for tests and simulated replies: "#<n><length><data>\n". */
export function encodeDefiniteBlock(data: Uint8Array): Buffer {
  const length = String(data.length);
  return Buffer.concat([Buffer.from(`#${length.length}${length}`, 'latin1'), data, Uint8Array.of(LINE_FEED)]);
}

async function readAnnouncedLength(thing: string, wire: Wire, digit: number, bytes: number, wait: Wait): Promise<void> {
  const digits = digit - ZERO;
  if (digits < 1 || digits > 9) throw malformed(thing, 'a block has no length', hex(Uint8Array.of(digit)), 'a digit');
  const text = (await wire.readExactly(digits, wait)).toString('latin1');
  if (!/^\d+$/.test(text) || Number(text) !== bytes) {
    throw malformed(thing, 'a block announces another length', JSON.stringify(text), `${bytes} bytes`);
  }
}

async function readLineFeed(thing: string, wire: Wire, wait: Wait): Promise<void> {
  const end = await wire.readExactly(1, wait);
  if (end[0] !== LINE_FEED) throw malformed(thing, 'a block does not end where it should', hex(end), '0a');
}

/**
 * How many "#0" stand before the records that lie within these bytes, the first header being taken off already; 0 when
 * one of them is missing.
 */
function headersPerRecord(bytes: Buffer, rows: number, columns: number): number {
  const record = 2 + columns * FLOAT_BYTES;
  let headers = 0;
  for (let at = record - 2; headers < rows - 1 && at + 1 < bytes.length; at += record) {
    if (bytes[at] !== HASH || bytes[at + 1] !== ZERO) return 0;
    headers += 1;
  }
  return headers;
}

function withoutHeaders(thing: string, bytes: Buffer, rows: number, columns: number): Float32Array {
  const record = columns * FLOAT_BYTES;
  const data = Buffer.alloc(rows * record);
  bytes.copy(data, 0, 0, record);
  for (let row = 1; row < rows; row++) {
    const at = row * (record + 2) - 2;
    if (bytes[at] !== HASH || bytes[at + 1] !== ZERO) {
      throw malformed(thing, `record ${row} has no header`, hex(bytes.subarray(at, at + 2)), '2330');
    }
    bytes.copy(data, row * record, at + 2, at + 2 + record);
  }
  return floats(data, rows * columns);
}

/** In memory of their own: what arrived may lie at any address. */
function floats(bytes: Buffer, count: number): Float32Array {
  const values = new Float32Array(count);
  const copy = Buffer.from(values.buffer);
  bytes.copy(copy, 0, 0, count * FLOAT_BYTES);
  if (!HOST_IS_LITTLE_ENDIAN) copy.swap32();
  return values;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function malformed(thing: string, what: string, value: string, expected: string): TunnelbenchError {
  const remedy = 'The readings are not used; the link is reopened and the sweep repeated.';
  return new TunnelbenchError('TB_REPLY_MALFORMED', { thing, what, value, expected, remedy });
}
