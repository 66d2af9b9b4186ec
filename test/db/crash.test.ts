import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { sampleAttempt, samplePair } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

const PROGRAM = fileURLToPath(new URL('./write-until-killed.ts', import.meta.url));
const GEOMETRY = { rows: 100, columns: 200, columnsPerEnableLine: 2 } as const;

async function writeAndKill(file: string, afterMilliseconds: number): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  // The lock holds between processes too.
  await expect(WaferWriter.open(file)).rejects.toMatchObject({ code: 'TB_FILE_IN_USE' });
  await delay(afterMilliseconds);
  child.kill('SIGKILL');
  const [, signal] = await exited;
  expect(signal).toBe('SIGKILL');
}

describe('a process killed in the middle of writing', () => {
  it.each([1, 7, 40, 133, 260])(
    'leaves a sound file whose cursor is its sweeps (after %i ms)',
    async (milliseconds) => {
      const file = temporaryFile();
      await writeAndKill(file, milliseconds);

      expect(verifyWafer(file).checks.flatMap(({ findings }) => findings.filter(isProblem))).toEqual([]);
      const reader = WaferReader.open(file);
      const [plan] = reader.plans();
      const [session] = reader.sessions();
      const reached = reader.cursors(plan.id);
      for (const { dieOrdinal, nextPosition } of reached) expect(reader.sweepCount(dieOrdinal)).toBe(2 * nextPosition);
      expect(reader.sweepCount()).toBe(2 * reached.reduce((sum, { nextPosition }) => sum + nextPosition, 0));
      reader.close();

      // Nobody has to clean up: the next writer gets the lock and goes on where the cursor stands.
      const { dieOrdinal, nextPosition } = reached.at(-1) ?? { dieOrdinal: 0, nextPosition: 0 };
      const writer = await WaferWriter.open(file);
      const window = { dieOrdinal, firstPosition: nextPosition, lastPosition: nextPosition + 4 };
      const attempt = sampleAttempt(session, { ...window, reason: 'resume' });
      await writer.addAttempt(attempt);
      for (let position = nextPosition; position < nextPosition + 5; position++) {
        writer.addSweeps(samplePair(plan, attempt, position, GEOMETRY));
      }
      await writer.close();
      expect(verifyWafer(file).problems).toBe(0);
    },
  );
});

function isProblem({ severity }: { severity: string }): boolean {
  return severity === 'problem';
}
