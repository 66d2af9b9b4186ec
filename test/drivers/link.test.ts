import { afterEach, describe, expect, it } from 'vitest';
import { FramedLink } from '../../drivers/framing/framed-link.ts';
import { checksum } from '../../drivers/framing/line-frame.ts';
import type { Link } from '../../drivers/transport/link.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type Step, scriptedInstrument } from './scripted-instrument.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function linkTo(
  script: readonly Step[],
  log?: string[],
): Promise<{ link: Link; drop: () => void; blurt: (text: string) => void }> {
  const instrument = await scriptedInstrument(script);
  const link = await openTestLink(
    instrument.resource,
    log && ((direction, bytes) => log.push(`${direction} ${Buffer.from(bytes).toString('latin1')}`)),
  );
  closers.push(async () => {
    await link.close();
    await instrument.finish();
  });
  return { link, drop: instrument.drop, blurt: instrument.blurt };
}

const soon = { timeoutSeconds: 0.05, signal: CALM };
const patient = { timeoutSeconds: 5, signal: CALM };

describe('a link', () => {
  it('says what was awaited and what had arrived when a reply does not come', async () => {
    const { link } = await linkTo([['MEAS?\n', '1.2']]);
    const failure = link.query('MEAS?', soon);
    await expect(failure).rejects.toMatchObject({
      code: 'TB_LINK_TIMEOUT',
      facts: { value: '3 bytes arrived: "1.2"', expected: 'the reply to "MEAS?"' },
    });
  });

  it('never takes a late reply for the answer to a later question', async () => {
    const { link, blurt } = await linkTo([
      ['A?\n', null],
      ['B?\n', 'b\n'],
    ]);
    await expect(link.query('A?', soon)).rejects.toMatchObject({ code: 'TB_LINK_TIMEOUT' });
    blurt('a\n');
    await expect(link.query('B?', patient)).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
    await link.reopen(CALM);
    expect(await link.query('B?', patient)).toBe('b');
  });

  it('serves questions asked at once in their order, one on the wire at a time', async () => {
    const log: string[] = [];
    const { link } = await linkTo(
      [
        ['1?\n', 'one\n'],
        ['2?\n', 'two\r\n'],
        ['3?\n', 'three\n'],
      ],
      log,
    );
    const answers = await Promise.all(['1?', '2?', '3?'].map((question) => link.query(question, patient)));
    expect(answers).toEqual(['one', 'two', 'three']);
    expect(log.map((line) => line.split(' ')[0])).toEqual(['sent', 'received', 'sent', 'received', 'sent', 'received']);
  });

  it('fails at once when the other side closes', async () => {
    const { link, drop } = await linkTo([['A?\n', null]]);
    const failure = link.query('A?', { timeoutSeconds: 60, signal: CALM });
    await new Promise((resolve) => setTimeout(resolve, 50));
    drop();
    await expect(failure).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
  });

  it('ends the wait when the signal aborts, and must then be reopened', async () => {
    const { link } = await linkTo([['A?\n', null]]);
    const stop = new AbortController();
    const failure = link.query('A?', { timeoutSeconds: 60, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopped by the operator')), 20);
    await expect(failure).rejects.toThrow('stopped by the operator');
    expect(link.unsettled).toBe(true);
  });

  it('lets a waiter whose signal aborts go at once, and keeps the order of the others', async () => {
    const { link, blurt } = await linkTo([
      ['1?\n', null],
      ['3?\n', 'three\n'],
    ]);
    const stop = new AbortController();
    const first = link.query('1?', patient);
    const second = link.query('2?', { ...patient, signal: stop.signal });
    const third = link.query('3?', patient);
    stop.abort(new Error('not wanted any more'));
    await expect(second).rejects.toThrow('not wanted any more');
    await new Promise((resolve) => setTimeout(resolve, 20));
    blurt('one\n');
    expect(await Promise.all([first, third])).toEqual(['one', 'three']);
  });

  it('takes nothing that was sent unasked for an answer', async () => {
    const { link, blurt } = await linkTo([['A?\n', 'a\n']]);
    expect(await link.query('A?', patient)).toBe('a');
    blurt('hello\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(link.query('B?', patient)).rejects.toMatchObject({ code: 'TB_REPLY_MALFORMED' });
  });

  it('says who cannot be reached', async () => {
    const instrument = await scriptedInstrument([]);
    await instrument.finish();
    await expect(openTestLink(instrument.resource)).rejects.toMatchObject({ code: 'TB_LINK_UNREACHABLE' });
    await expect(openTestLink('ASRL/dev/no-such-port::INSTR')).rejects.toMatchObject({ code: 'TB_LINK_UNREACHABLE' });
  });
});

/** A frame of the protocol, command or reply. */
function frame(tag: number, text: string): string {
  const body = `@${tag} ${text} `;
  return `${body}*${checksum(body)}\n`;
}

describe('a framed link', () => {
  const linesOf = async (script: readonly Step[]) => {
    const { link } = await linkTo(script);
    const framed = new FramedLink(link, 65_535);
    return { framed, ask: () => framed.command('LINES?', 0, CALM) };
  };

  it('never uses the tag of the command before', async () => {
    const { ask } = await linesOf([
      [frame(65_535, 'LINES?'), frame(65_535, 'OK 100')],
      [frame(1, 'LINES?'), frame(1, 'OK 100')],
    ]);
    expect([await ask(), await ask()]).toEqual([['100'], ['100']]);
  });

  it.each([
    ['garbled', frame(65_535, 'OK 100').replace('100', '101')],
    ['of a device that could not read the command', frame(0, 'ERR 1 checksum')],
    ['without a form', 'hello\n'],
  ])('repeats a command under the same tag after a reply %s', async (_, reply) => {
    const { ask } = await linesOf([
      [frame(65_535, 'LINES?'), reply],
      [frame(65_535, 'LINES?'), frame(65_535, 'OK 100')],
    ]);
    expect(await ask()).toEqual(['100']);
  });

  it('repeats a command whose reply is lost, and discards the late one with a report', async () => {
    const { framed, ask } = await linesOf([
      [frame(65_535, 'LINES?'), null],
      [frame(65_535, 'LINES?'), frame(65_535, 'OK 100') + frame(65_535, 'OK 100')],
      [frame(1, 'LINES?'), frame(1, 'OK 100')],
    ]);
    expect([await ask(), await ask()]).toEqual([['100'], ['100']]);
    expect(framed.takeStrays()).toEqual([`discarded a late reply: ${frame(65_535, 'OK 100').trim()}`]);
  });

  it('gives up after three attempts', async () => {
    const { ask } = await linesOf(
      Array.from({ length: 3 }, () => [frame(65_535, 'LINES?'), '@65535 OK 1 *00\n'] as const),
    );
    await expect(ask()).rejects.toMatchObject({ code: 'TB_REPLY_MALFORMED' });
  });

  it('reports a refusal with code and text, and goes on', async () => {
    const { framed, ask } = await linesOf([
      [frame(65_535, 'ENABLE 400'), frame(65_535, 'ERR 10 no-such-line')],
      [frame(1, 'LINES?'), frame(1, 'OK 100')],
    ]);
    const refusal = framed.command('ENABLE 400', 0, CALM);
    await expect(refusal).rejects.toMatchObject({ code: 'TB_INSTRUMENT_ERROR', facts: { value: '10 no-such-line' } });
    expect(await ask()).toEqual(['100']);
  });
});
