import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseRetests } from '../../acquisition/retest.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { addNote } from '../../scripts/note.ts';
import { WiredBench } from './wired-bench.ts';

it('cells of a class are measured again: the latest verdict counts, the first one and all sweeps are kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-retest-'));
  const file = join(folder, 'wafer.sqlite');
  const wired = await WiredBench.open();
  try {
    const stopped = await wired.measure(file, {}, 10);
    expect(stopped.end).toBe('stopped');
    let reader = WaferReader.open(file);
    const choose = () => chooseRetests(reader, { classes: ['healthy'], dies: [0] });
    expect(choose).toThrow(expect.objectContaining({ code: 'TB_SESSION_NOT_RESUMABLE' }));
    reader.close();
    expect((await wired.resume(file)).end).toBe('finished');

    reader = WaferReader.open(file);
    const before = reader.cells(0);
    const { retests, fields } = choose();
    reader.close();
    const healthy = before.filter((cell) => cell.class === 'healthy').map(({ cell }) => cell);
    expect(retests.map(({ cells }) => cells)).toEqual([healthy.length]);
    const outcome = await wired.retest(file, retests[0], fields);
    expect(outcome.error).toBeNull();
    await addNote(file, 'needles cleaned before the re-test', { die: '0', cell: '1,2', author: 'test' });

    reader = WaferReader.open(file);
    const session = reader.sessions().at(-1);
    expect(reader.attempts(session?.id ?? '').every(({ reason }) => reason === 'retest')).toBe(true);
    for (const cell of healthy) expect(reader.sweepsOf(0, cell).length).toBeGreaterThanOrEqual(2);
    expect(reader.cells(0).map(({ firstClass }) => firstClass)).toEqual(before.map(({ firstClass }) => firstClass));
    expect(reader.events(session?.id).some(({ kind }) => kind === 'fingerprint')).toBe(true);
    expect(reader.notes()).toMatchObject([{ sessionId: session?.id, dieOrdinal: 0, cell: 14, author: 'test' }]);
    reader.close();
    expect(verifyWafer(file).problems).toBe(0);
    expect(wired.simulated.ledger.violations).toEqual([]);
  } finally {
    await wired.close();
    rmSync(folder, { recursive: true });
  }
});
