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

  it('gives up a wait whose signal aborts, after others ended well under the same signal, and no other wait', async () => {
    const { transport, far } = transportPair();
    const session = new AbortController();
    for (const line of ['one', 'two']) {
      far.write(`${line}\n`);
      expect((await transport.readUntil(LINE_FEED, { ...wait, signal: session.signal })).toString()).toBe(line);
    }
    const given = transport.readUntil(LINE_FEED, { ...wait, signal: session.signal });
    session.abort(new Error('stopped'));
    await expect(given).rejects.toThrow('stopped');
    await expect(transport.readUntil(LINE_FEED, { ...wait, signal: session.signal })).rejects.toThrow('stopped');
    await expect(transport.write(LINE_FEED, session.signal)).rejects.toThrow('stopped');
    const other = new AbortController();
    const kept = transport.readUntil(LINE_FEED, wait);
    other.abort(new Error('somebody else'));
    far.write('three\n');
    expect((await kept).toString()).toBe('three');
    await transport.close();
  });

  it('keeps the time of each read, a short one after a long one and a long one after a short one', async () => {
    const { transport, far } = transportPair();
    const withTime = (timeoutSeconds: number) => transport.readUntil(LINE_FEED, { ...wait, timeoutSeconds });
    far.write('one\n');
    await withTime(60);
    await expect(withTime(0.05)).rejects.toMatchObject({ code: 'TB_LINK_TIMEOUT' });
    const begun = performance.now();
    await expect(withTime(0.2)).rejects.toMatchObject({ code: 'TB_LINK_TIMEOUT' });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(199);
    far.write('two\n');
    await withTime(0.05);
    setTimeout(() => far.write('three\n'), 150);
    expect((await withTime(60)).toString()).toBe('three');
    await transport.close();
  });
});
