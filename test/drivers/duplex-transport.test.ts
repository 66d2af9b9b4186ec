import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_FEED } from '../../drivers/transport/transport.ts';
import { CALM, transportPair, writeInPieces } from './open-test-link.ts';

const wait = { awaited: 'a test', timeoutSeconds: 5, signal: CALM };

/** A line or a counted run of any bytes, as they follow each other on a wire. */
const message = fc.oneof(
  fc.stringMatching(/^[ -~]{0,20}$/).map((text) => ({ kind: 'line' as const, bytes: Buffer.from(text) })),
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes) => ({ kind: 'count' as const, bytes: Buffer.from(bytes) })),
);

describe('a transport', () => {
  it('hands out lines and counted bytes exactly, however the stream is cut', async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 10 }), pieces, async (messages, sizes) => {
        const { transport, far } = transportPair();
        const stream = messages.map(({ kind, bytes }) => (kind === 'line' ? Buffer.concat([bytes, LINE_FEED]) : bytes));
        writeInPieces(far, Buffer.concat(stream), sizes);
        for (const { kind, bytes } of messages) {
          const read =
            kind === 'line' ? transport.readUntil(LINE_FEED, wait) : transport.readExactly(bytes.length, wait);
          expect(Buffer.compare(await read, bytes)).toBe(0);
        }
        expect(transport.clear()).toBe(0);
        await transport.close();
      }),
      { numRuns: 200 },
    );
  });

  it('finds a terminator of several bytes that is cut in two', async () => {
    const { transport, far } = transportPair();
    const read = transport.readUntil(Buffer.from('MARK\n'), wait);
    far.write('noise MAMA');
    far.write('RK');
    far.write('\nrest');
    expect((await read).toString()).toBe('noise MA');
    expect((await transport.readExactly(4, wait)).toString()).toBe('rest');
    await transport.close();
  });
});
