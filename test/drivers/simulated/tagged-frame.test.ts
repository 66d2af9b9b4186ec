import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame, frameSum } from '../../../drivers/simulated/serial-protocol/tagged-frame.ts';

const word = fc.stringMatching(/^[!-)+-~]{1,12}$/);
const frame = fc.record({
  tag: fc.integer({ min: 1, max: 65_535 }),
  words: fc.array(word, { minLength: 1, maxLength: 6 }),
});

test('the example of the protocol document has its checksum', () => {
  expect(frameSum('@7 IDN? ')).toBe('0B');
});

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(frame, ({ tag, words }) => {
      const decoded = decodeFrame(encodeFrame(tag, words.join(' ')).slice(0, -1));
      expect(decoded).toEqual({ kind: 'command', tag, verb: words[0], args: words.slice(1), text: words.join(' ') });
    }),
  );
});

test('no frame with one changed byte is ever a command', () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 127 }), ({ tag, words }, place, flip) => {
      const bytes = Buffer.from(encodeFrame(tag, words.join(' ')).slice(0, -1), 'latin1');
      bytes[place % bytes.length] ^= flip;
      expect(decodeFrame(bytes.toString('latin1')).kind).toBe('bad');
    }),
  );
});

test.each([
  ['', 2],
  ['IDN?', 2],
  ['@0 IDN? *0C', 2],
  ['@7 IDN? *0b', 2],
  ['@7  IDN? *2B', 2],
  ['@7 IDN? *0C', 1],
  [encodeFrame(70_000, 'IDN?').slice(0, -1), 2],
  [`@7 ${'X'.repeat(600)} *00`, 2],
  [null, 2],
])('%j is refused with code %i', (line, code) => expect(decodeFrame(line)).toEqual({ kind: 'bad', code }));
