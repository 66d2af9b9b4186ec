import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDefiniteBlock, readRealBlock } from '../../drivers/framing/block.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { CALM, transportPair, writeInPieces } from './open-test-link.ts';

const wait = { awaited: 'a block', timeoutSeconds: 5, signal: CALM };

function littleEndian(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => void bytes.writeFloatLE(value, 4 * i));
  return bytes;
}

const layouts = {
  definite: (values: readonly number[]) => encodeDefiniteBlock(littleEndian(values)),
  once: (values: readonly number[]) => Buffer.concat([Buffer.from('#0'), littleEndian(values), Buffer.from('\n')]),
  perRecord: (values: readonly number[], columns: number) => {
    const records: Buffer[] = [];
    for (let at = 0; at < values.length; at += columns) {
      records.push(Buffer.from('#0'), littleEndian(values.slice(at, at + columns)));
    }
    return Buffer.concat([...records, Buffer.from('\n')]);
  },
};

const shapes = fc
  .record({ rows: fc.integer({ min: 6, max: 40 }), columns: fc.integer({ min: 1, max: 4 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      values: fc.array(fc.float({ noNaN: true }), { minLength: rows * columns, maxLength: rows * columns }),
      layout: fc.constantFrom(...(Object.keys(layouts) as (keyof typeof layouts)[])),
      pieces: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 30 }),
    }),
  );

async function decode(bytes: Uint8Array, shape: { rows: number; columns: number }, pieces: readonly number[]) {
  const { transport, far } = transportPair();
  try {
    writeInPieces(far, bytes, pieces);
    far.end();
    return { values: Array.from(await readRealBlock('test', transport, shape, wait)), rest: transport.clear() };
  } finally {
    await transport.close();
  }
}

describe('blocks of readings', () => {
  it('reads every layout however the bytes are split, and nothing beyond its end', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ rows, columns, values, layout, pieces }) => {
        const bytes = layouts[layout](values, columns);
        const read = await decode(bytes, { rows, columns }, pieces);
        expect(read).toEqual({ values: Array.from(new Float32Array(values)), rest: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('takes line feeds inside the data for data', async () => {
    const value = Buffer.from([0x0a, 0x0a, 0x0a, 0x0a]).readFloatLE();
    const read = await decode(layouts.once([value, value]), { rows: 2, columns: 1 }, [3]);
    expect(read.values).toEqual([value, value]);
  });

  it('never returns numbers for a block of another length', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: -7, max: 7 }), async ({ rows, columns, values, layout }, delta) => {
        if (delta === 0) return;
        const whole = layouts[layout](values, columns);
        // A reply that lost or gained bytes in the middle, its line feed in place.
        const cut = Math.max(3, Math.floor(whole.length / 2));
        const bytes =
          delta < 0
            ? Buffer.concat([whole.subarray(0, cut), whole.subarray(cut - delta)])
            : Buffer.concat([whole.subarray(0, cut), Buffer.alloc(delta, 0x55), whole.subarray(cut)]);
        // By chance a line feed may stand where the end is expected; then bytes are left over, which the line that
        // follows every block shows up.
        const outcome = await decode(bytes, { rows, columns }, []).catch((error: unknown) => error);
        if (outcome instanceof TunnelbenchError) return;
        expect((outcome as { rest: number }).rest).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a block that fits both header layouts', async () => {
    const data = Buffer.concat([littleEndian([1]), Buffer.from('#0\n\n')]);
    const failure = decode(Buffer.concat([Buffer.from('#0'), data, Buffer.from('\n')]), { rows: 2, columns: 1 }, []);
    await expect(failure).rejects.toMatchObject({ code: 'TB_REPLY_MALFORMED' });
  });

  it.each(['1.0,2.0,3.0\n', '#x12345678\n', '#19abcdefghi\n', '#3008abcdefgh\n\n'])('refuses %j', async (text) => {
    const failure = decode(Buffer.from(text), { rows: 3, columns: 1 }, []);
    await expect(failure).rejects.toBeInstanceOf(TunnelbenchError);
  });
});
