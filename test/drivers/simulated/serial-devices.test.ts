import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeFrame } from '../../../drivers/simulated/serial-protocol/tagged-frame.ts';
import { openSimulatedBench, type SimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { askFrame, openRaw, type RawClient } from './raw-client.ts';

let bench: SimulatedBench;
let enable: RawClient;
let router: RawClient;

beforeAll(async () => {
  bench = await openSimulatedBench({ seed: 3, geometry: { rows: 4, columns: 8, columnsPerEnableLine: 2 } });
  enable = await openRaw(bench.resources.enable);
  router = await openRaw(bench.resources.router);
});

afterAll(async () => {
  await enable.close();
  await router.close();
  await bench.close();
});

/** Runs commands in order after RST and returns the replies without their tags and sums. */
async function converse(client: RawClient, ...bodies: string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const [i, body] of ['RST', ...bodies].entries()) {
    const reply = await askFrame(client, 1_000 + i, body);
    expect(reply.startsWith(`@${1_000 + i} `)).toBe(true);
    replies.push(reply.slice(6));
  }
  return replies.slice(1);
}

describe('the enable-line controller', () => {
  test('drives exactly one line, and its replies are read back', async () => {
    expect(await converse(enable, 'LINES?', 'GATE 1.8', 'SETTLE 2E-3', 'ENABLE 2', 'ENABLE?', 'GATE?')).toEqual([
      'OK 4',
      'OK 1.8',
      'OK 0.002',
      'OK 2',
      'OK 2',
      'OK 1.8',
    ]);
    expect(bench.enable.state).toEqual({ enabled: 2, gateVolts: 1.8, settleSeconds: 0.002 });
    expect(await converse(enable, 'ENABLE?', 'MEAS?')).toEqual(['OK NONE', 'OK 0 0']);
  });

  test('waits the settling time before it answers', async () => {
    await converse(enable, 'SETTLE 0.5');
    const before = bench.clock.now;
    await askFrame(enable, 7, 'ENABLE 1');
    expect(bench.clock.now - before).toBeGreaterThanOrEqual(0.5);
  });

  test.each([
    [['GATE 1', 'ENABLE 0', 'GATE 2'], 'ERR 12 line-enabled'],
    [['ENABLE 4'], 'ERR 10 no-such-line'],
    [['ENABLE -1'], 'ERR 4 argument'],
    [['ENABLE'], 'ERR 4 argument'],
    [['GATE 5.5'], 'ERR 4 argument'],
    [['SETTLE 1.5'], 'ERR 4 argument'],
    [['ROUTE?'], 'ERR 3 unknown-verb'],
  ])('%j ends in %s, which is also in the error queue', async (bodies, refusal) => {
    const replies = await converse(enable, ...bodies);
    expect(replies.at(-1)).toBe(refusal);
    expect(await askFrame(enable, 9, 'NEXTERR?')).toBe(`@9 OK ${refusal.slice(4)}`);
    expect(await askFrame(enable, 10, 'NEXTERR?')).toBe('@10 OK 0 none');
  });

  test('a repeated frame is answered again and not executed again', async () => {
    await converse(enable, 'ENABLE 9');
    expect(await askFrame(enable, 50, 'NEXTERR?')).toBe('@50 OK 10 no-such-line');
    expect(await askFrame(enable, 50, 'NEXTERR?')).toBe('@50 OK 10 no-such-line');
    expect(await askFrame(enable, 51, 'NEXTERR?')).toBe('@51 OK 0 none');
  });

  test('damaged and over-long frames are refused with tag 0 and change nothing', async () => {
    await converse(enable, 'GATE 1', 'ENABLE 3');
    enable.send(encodeFrame(60, 'ENABLE 1').replace('ENABLE 1', 'ENABLE 2'));
    expect(await enable.line()).toMatch(/^@0 ERR 1 checksum \*/);
    enable.send(`${'x'.repeat(5_000)}\n`);
    expect(await enable.line()).toMatch(/^@0 ERR 2 frame \*/);
    expect(await askFrame(enable, 61, 'ENABLE?')).toBe('@61 OK 3');
  });

  test('a CR before the LF is ignored, and frames may come in pieces', async () => {
    const frame = encodeFrame(70, 'LINES?').replace('\n', '\r\n');
    for (const character of frame) enable.send(character);
    expect(await enable.line()).toMatch(/^@70 OK 4 \*/);
  });

  test('keeps its state when the client goes away', async () => {
    await converse(enable, 'GATE 1.8', 'ENABLE 1');
    await enable.close();
    enable = await openRaw(bench.resources.enable);
    expect(await askFrame(enable, 80, 'ENABLE?')).toBe('@80 OK 1');
    await converse(enable);
  });
});

describe('the line multiplexer', () => {
  test('makes exactly the crosspoints asked for, and lists them rows first', async () => {
    expect(await converse(router, 'SIZE?', 'ROUTE C5=B C4=A R2=X', 'ROUTE?', 'ROUTE R0=X', 'ROUTE NONE')).toEqual([
      'OK 4 8',
      'OK R2=X C4=A C5=B',
      'OK R2=X C4=A C5=B',
      'OK R0=X',
      'OK NONE',
    ]);
  });

  test('counts relay operations; what stays closed does not wear', async () => {
    const cycles = async () => Number((await askFrame(router, 5, 'CYCLES?')).split(' ')[2]);
    await converse(router, 'ROUTE R1=X C0=A C1=B');
    const before = await cycles();
    await askFrame(router, 6, 'ROUTE R2=X C0=A C1=B');
    expect((await cycles()) - before).toBe(2);
  });

  test.each([
    ['ROUTE C4=B', 'ERR 11 no-such-crosspoint'],
    ['ROUTE R1=A', 'ERR 11 no-such-crosspoint'],
    ['ROUTE R4=X', 'ERR 10 no-such-line'],
    ['ROUTE C8=A', 'ERR 10 no-such-line'],
    ['ROUTE R1=X R1=X', 'ERR 4 argument'],
    ['ROUTE', 'ERR 4 argument'],
    ['ROUTE R1', 'ERR 4 argument'],
  ])('%s is refused with %s and leaves the relays alone', async (body, refusal) => {
    expect(await converse(router, 'ROUTE R3=X', body, 'ROUTE?')).toEqual(['OK R3=X', refusal, 'OK R3=X']);
  });

  test('opens everything when a relay driver reads back otherwise', async () => {
    bench.router.stuckRelays.set('C4=A', 'open');
    expect(await converse(router, 'ROUTE R2=X C4=A', 'ROUTE?')).toEqual(['ERR 13 readback-differs', 'OK NONE']);
    bench.router.stuckRelays.clear();
    expect(await converse(router, 'ROUTE R2=X C4=A')).toEqual(['OK R2=X C4=A']);
  });
});
