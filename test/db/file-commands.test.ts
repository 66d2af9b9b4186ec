import { Command } from 'commander';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { addSessionsCommand } from '../../scripts/sessions.ts';
import { addVerifyCommand } from '../../scripts/verify.ts';
import { beginSession, samplePair, sampleSession, sampleWafer } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

/** Runs a command in this process; what it printed and its exit status. */
async function run(add: (program: Command) => void, ...argv: string[]): Promise<{ text: string; status: number }> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const before = process.exitCode;
  onTestFinished(() => {
    process.exitCode = before;
  });
  process.exitCode = 0;
  const program = new Command();
  add(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } finally {
    log.mockRestore();
  }
  return { text: lines.join('\n'), status: Number(process.exitCode) };
}

/** One session that finished safely with two sweeps and one that never ended. */
async function twoSessions(): Promise<string> {
  const file = temporaryFile();
  const writer = await WaferWriter.create(file, sampleWafer());
  const { plan, session, attempt } = await beginSession(writer);
  writer.addSweeps(samplePair(plan, attempt, 0));
  await writer.endSession(session.id, 'finished', '{"verdict":"safe"}');
  await writer.addSession(sampleSession(plan));
  await writer.close();
  return file;
}

describe('tunnelbench sessions', () => {
  it('lists the sessions of a file in a table', async () => {
    const { text, status } = await run(addSessionsCommand, 'sessions', await twoSessions());
    const [head, first, second] = text.split('\n').map((line) => line.split(/ {2,}/));
    expect(head).toEqual('session started duration end bench sweeps attempts operator purpose'.split(' '));
    expect(first.slice(3, 7)).toEqual(['finished', 'safe', '2', '1']);
    expect(second.slice(2, 7)).toEqual(['–', 'no end recorded', 'unknown', '0', '0']);
    expect(status).toBe(0);
  });

  it('prints everything as JSON', async () => {
    const { text } = await run(addSessionsCommand, 'sessions', await twoSessions(), '--json');
    expect(JSON.parse(text)).toMatchObject([
      { end: 'finished', sweeps: 2, attempts: 1, fields: { probeCard: 'PC403' } },
      { end: null, sweeps: 0 },
    ]);
  });

  it('says so when there are none', async () => {
    const file = temporaryFile();
    await (await WaferWriter.create(file, sampleWafer())).close();
    expect((await run(addSessionsCommand, 'sessions', file)).text).toBe('no sessions');
  });
});

describe('tunnelbench verify', () => {
  it('prints the checks and a verdict; a sound file has exit status 0', async () => {
    const { text, status } = await run(addVerifyCommand, 'verify', await twoSessions());
    expect(text).toMatch(/ok {4}sweeps: checksum, length, place +2 examined/);
    expect(text.split('\n').at(-1)).toBe('sound');
    expect(status).toBe(0);
  });

  it('has exit status 1 when one of the files is not sound', async () => {
    const [sound, unsound] = [await twoSessions(), await twoSessions()];
    const writer = await WaferWriter.open(unsound);
    const plan = { id: 'altered', sha256: 'f'.repeat(64), json: '{}' };
    await writer.addPlan(plan);
    await writer.close();
    const { text, status } = await run(addVerifyCommand, 'verify', sound, unsound, '--json');
    expect(JSON.parse(text)).toMatchObject([{ problems: 0 }, { problems: 1 }]);
    expect(status).toBe(1);
  });

  it('refuses a file that is not there', async () => {
    await expect(run(addVerifyCommand, 'verify', temporaryFile())).rejects.toMatchObject({ code: 'TB_FILE_NOT_FOUND' });
  });
});
