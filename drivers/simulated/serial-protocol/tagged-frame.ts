/** Frames of the enable-line controller and the line multiplexer (drivers/PROTOCOL.md), as the device sees them. */

export const FRAME_BYTES = 512;

/** XOR of all bytes from `@` up to and including the space before `*`, as two upper-case hexadecimal digits. */
export function frameSum(text: string): string {
  let sum = 0;
  for (const byte of Buffer.from(text, 'latin1')) sum ^= byte;
  return sum.toString(16).toUpperCase().padStart(2, '0');
}

/** `body` is everything between tag and checksum: "OK 5" gives `@7 OK 5 *XX` and a line feed. */
export function encodeFrame(tag: number, body: string): string {
  const head = `@${tag} ${body} `;
  return `${head}*${frameSum(head)}\n`;
}

export type DecodedFrame =
  | { readonly kind: 'command'; readonly tag: number; readonly verb: string; readonly args: string[]; text: string }
  | { readonly kind: 'bad'; readonly code: 1 | 2 };

const FORM = /^(@([1-9]\d{0,4}) ([!-)+-~]+(?: [!-)+-~]+)*) )\*([0-9A-F]{2})$/;

/** A line without its line feed; null stands for a line that was too long. */
export function decodeFrame(line: string | null): DecodedFrame {
  if (line === null || line.length + 1 > FRAME_BYTES) return { kind: 'bad', code: 2 };
  const match = FORM.exec(line);
  if (match === null) return { kind: 'bad', code: 2 };
  const [, head, tagText, body, sum] = match;
  if (frameSum(head) !== sum) return { kind: 'bad', code: 1 };
  const tag = Number(tagText);
  if (tag > 65_535) return { kind: 'bad', code: 2 };
  const [verb, ...args] = body.split(' ');
  return { kind: 'command', tag, verb, args, text: body };
}
