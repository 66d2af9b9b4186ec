import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum, decodeReply, encodeCommand } from '../../drivers/framing/line-frame.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

const word = fc.stringMatching(/^[A-Za-z0-9?=.,+-]{1,12}$/);
const tag = fc.integer({ min: 1, max: 65_535 });

function frame(body: string): string {
  return `${body}*${checksum(body)}`;
}

describe('frames of the enable-line controller and the multiplexer', () => {
  it('encodes the example of the protocol document', () => {
    expect(encodeCommand(7, 'IDN?').toString()).toBe('@7 IDN? *0B\n');
  });

  it('reads back values, refusals and tags', () => {
    fc.assert(
      fc.property(tag, fc.array(word, { maxLength: 8 }), (number, values) => {
        const body = `@${number} OK ${values.map((value) => `${value} `).join('')}`;
        expect(decodeReply('test', frame(body))).toEqual({ tag: number, ok: true, values });
      }),
    );
    expect(decodeReply('test', frame('@9 ERR 12 line-enabled '))).toEqual({
      tag: 9,
      ok: false,
      code: 12,
      text: 'line-enabled',
    });
  });

  it('never takes a reply with one corrupted byte for a good one', () => {
    fc.assert(
      fc.property(
        tag,
        fc.array(word, { maxLength: 6 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (number, values, place, flip) => {
          const bytes = Buffer.from(frame(`@${number} OK ${values.map((value) => `${value} `).join('')}`), 'latin1');
          bytes[place % bytes.length] ^= flip;
          const garbled = bytes.toString('latin1');
          // A CR at the very end is the one byte that the protocol lets pass.
          if (garbled.endsWith('\r')) return;
          expect(() => decodeReply('test', garbled)).toThrow(TunnelbenchError);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('refuses to send what is no command', () => {
    for (const command of ['', 'A  B', 'A*B', 'A\nB', 'ENABLE ü', 'X'.repeat(600)]) {
      expect(() => encodeCommand(1, command)).toThrow(RangeError);
    }
    expect(() => encodeCommand(0, 'IDN?')).toThrow(RangeError);
  });
});
