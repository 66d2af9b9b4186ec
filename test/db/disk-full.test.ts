import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { WaferWriter, type WaferWriterOptions } from '../../db/wafer-writer.ts';
import { beginSession, samplePair, sampleWafer } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

const GEOMETRY = { rows: 100, columns: 200, columnsPerEnableLine: 2 } as const;

/** Writes die 0 until something stops it. */
async function fill(file: string, options: WaferWriterOptions = {}): Promise<WaferWriter> {
  const writer = await WaferWriter.create(file, sampleWafer(GEOMETRY), options);
  onTestFinished(() => writer.close().catch(() => {}));
  const { plan, attempt } = await beginSession(writer, 10_000, GEOMETRY);
  for (let position = 0; position < 10_000; position++) {
    await writer.ready();
    writer.addSweeps(samplePair(plan, attempt, position, GEOMETRY));
  }
  await writer.flush();
  return writer;
}

function soundUpToTheCursor(file: string): void {
  expect(verifyWafer(file).problems).toBe(0);
  const reader = WaferReader.open(file);
  onTestFinished(() => reader.close());
  const [plan] = reader.plans();
  const nextPosition = reader.cursor(plan.id, 0)?.nextPosition ?? 0;
  expect(nextPosition).toBeGreaterThan(0);
  expect(reader.sweepCount()).toBe(2 * nextPosition);
}

/** A file system of its own of this many kilobytes, or null where this process may not mount one. */
function smallFileSystem(kilobytes: number): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-small-'));
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  onTestFinished(() => {
    execFileSync('/bin/umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe('no room left', () => {
  it('at the limit of the file: the writer fails with TB_DISK_FULL, the file is sound up to its cursor', async () => {
    const file = temporaryFile();
    await expect(fill(file, { maxFileBytes: 1_500_000 })).rejects.toMatchObject({ code: 'TB_DISK_FULL' });
    soundUpToTheCursor(file);
  });

  it('on the disk: the same', async ({ skip }) => {
    const folder = smallFileSystem(3_000);
    if (folder === null) return skip('this process may not mount a file system');
    const file = join(folder, 'wafer.sqlite');
    await expect(fill(file)).rejects.toMatchObject({ code: 'TB_DISK_FULL' });
    soundUpToTheCursor(file);
  });

  it('for a new file: it is refused and nothing stays behind', async ({ skip }) => {
    const folder = smallFileSystem(40);
    if (folder === null) return skip('this process may not mount a file system');
    const file = join(folder, 'wafer.sqlite');
    await expect(WaferWriter.create(file, sampleWafer())).rejects.toMatchObject({ code: 'TB_DISK_FULL' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
