import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** Longest frame of drivers/PROTOCOL.md, line feed included. */
export const MAX_FRAME_BYTES = 512;
export const MAX_TAG = 65_535;

/** A reply of an enable-line controller or line multiplexer. */
export type ReplyFrame =
  | { readonly tag: number; readonly ok: true; readonly values: readonly string[] }
  | { readonly tag: number; readonly ok: false; readonly code: number; readonly text: string };

/** "@7 IDN? *0B" with its line feed. Throws a RangeError on what can never be sent: that is a defect of the caller. */
export function encodeCommand(tag: number, command: string): Buffer {
  if (!Number.isInteger(tag) || tag < 1 || tag > MAX_TAG) throw new RangeError(`tag ${tag}`);
  if (!/^[\x21-\x29\x2b-\x7e]+( [\x21-\x29\x2b-\x7e]+)*$/.test(command)) throw new RangeError(`command ${command}`);
  const body = `@${tag} ${command} `;
  const frame = Buffer.from(`${body}*${checksum(body)}\n`, 'latin1');
  if (frame.length > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${frame.length} bytes`);
  return frame;
}

/** XOR of all bytes from "@" to the space before "*", as two upper-case hexadecimal digits. */
export function checksum(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum ^= body.charCodeAt(i) & 0xff;
  return sum.toString(16).toUpperCase().padStart(2, '0');
}

/** Parses a reply without its line feed; TB_REPLY_MALFORMED when form or checksum is wrong. */
export function decodeReply(thing: string, line: string): ReplyFrame {
  const parsed = /^(@(\d{1,5}) (OK|ERR) ((?:[^ *]+ )*))\*([0-9A-F]{2})\r?$/.exec(line);
  if (!parsed) throw malformed(thing, line, 'a frame "@<tag> OK <values> *<sum>"');
  const [, body, tag, verdict, rest, sum] = parsed;
  if (checksum(body) !== sum) throw malformed(thing, line, `the checksum ${checksum(body)}`);
  const values = rest.split(' ').slice(0, -1);
  if (verdict === 'OK') return { tag: Number(tag), ok: true, values };
  const code = /^\d{1,3}$/.test(values[0] ?? '') ? Number(values[0]) : Number.NaN;
  if (Number.isNaN(code)) throw malformed(thing, line, 'ERR followed by a code');
  return { tag: Number(tag), ok: false, code, text: values.slice(1).join(' ') };
}

function malformed(thing: string, line: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_REPLY_MALFORMED', {
    thing,
    what: 'a reply does not keep to the frame of drivers/PROTOCOL.md',
    value: JSON.stringify(line.slice(0, 120)),
    expected,
    remedy: 'Check the cable and the baud rate; the command is repeated once under the same tag.',
  });
}
