import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_RECIPE_FILE } from '../../acquisition/recipe-file.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import type { BenchInstrument } from '../../drivers/simulated/simulated-bench.ts';
import {
  BenchProcess,
  FIELD_OPTIONS,
  notAtRest,
  type RunningCommand,
  startTunnelbench,
  tunnelbench,
} from './bench-process.ts';

let folder: string;
let file: string;
let bench: BenchProcess | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-ends-'));
  file = join(folder, 'wafer.sqlite');
  bench = null;
});
afterEach(async () => {
  await bench?.close();
  rmSync(folder, { recursive: true });
});

/** A bench of its own and a measurement of its first die, under way with sweeps stored. */
async function sweeping(...options: string[]): Promise<{ bench: BenchProcess; run: RunningCommand }> {
  bench = await BenchProcess.start('--seed', '4', '--geometry', '20x20', '--dies', '1', ...options);
  const benchFile = join(folder, 'bench.yaml');
  const recipe = join(folder, 'recipe.yaml');
  writeFileSync(benchFile, bench.benchYaml);
  writeFileSync(recipe, readFileSync(DEFAULT_RECIPE_FILE, 'utf8').replace('loops: 50', 'loops: 2'));
  const run = startTunnelbench('measure', benchFile, '--out', file, '--recipe', recipe, ...FIELD_OPTIONS);
  while (sweepsIn(file) === 0) {
    if (run.child.exitCode !== null) throw new Error(`ended before its first sweep: ${run.output()}`);
    await wait(20);
  }
  return { bench, run };
}

/** 0 while there is no file to read yet. */
function sweepsIn(path: string): number {
  try {
    const reader = WaferReader.open(path);
    const count = reader.sweepCount();
    reader.close();
    return count;
  } catch {
    return 0;
  }
}

async function expectSafe(bench: BenchProcess): Promise<void> {
  expect(notAtRest(await bench.state())).toEqual([]);
  expect(await bench.violations()).toEqual([]);
  expect(verifyWafer(file).problems).toBe(0);
}

function lastSession() {
  const reader = WaferReader.open(file);
  const session = reader.sessions().at(-1);
  reader.close();
  return { end: session?.end, verdict: JSON.parse(session?.safeStateJson ?? '{}').verdict };
}

it('the demo ends without a violation, with the bench read back as safe', async () => {
  const { status, output } = await tunnelbench('demo', '--cells', '60', '--seed', '5', '--out', folder);
  expect(output).toContain('Yes. 60 of 60 cells');
  expect(output).toContain('no violations of the safe order');
  expect(output).toMatch(/Yes, read back at .*outputs off at 0 V; all enable lines low; .*supplies off; separated\./);
  expect(status).toBe(0);
});

describe('while sweeps run', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends after the sweep, which is stored', async (signal) => {
    const { bench, run } = await sweeping();
    run.child.kill(signal);
    const { status, output } = await run.ended;
    expect(output).toContain('No: it was stopped.');
    expect(output).toMatch(/Yes, read back at/);
    expect(status).toBe(1);
    expect(lastSession()).toEqual({ end: 'stopped', verdict: 'safe' });
    await expectSafe(bench);
  });

  it('a second Ctrl-C breaks the sweep off, and the bench is made safe all the same', async () => {
    // Slowed down, so that a sweep lasts long enough to be broken off.
    const { bench, run } = await sweeping('--time-scale', '0.3');
    run.child.kill('SIGINT');
    while (!run.output().includes('Ctrl-C again')) await wait(5);
    run.child.kill('SIGINT');
    const { status, output } = await run.ended;
    expect(output).toContain('[TB_ABORTED]');
    expect(status).toBe(1);
    expect(lastSession()).toEqual({ end: 'aborted', verdict: 'safe' });
    await expectSafe(bench);
  });

  it.each<BenchInstrument>(['smu', 'supplies', 'prober'])(
    'the connection to the %s breaks: it is reopened, and the bench made safe',
    async (instrument) => {
      const { bench, run } = await sweeping();
      await bench.control({ command: 'inject', event: 'dropLink', instrument });
      const { status } = await run.ended;
      // Supplies and prober are not spoken to while sweeps run: their loss shows at the end of the die.
      expect(status).toBe(1);
      expect(lastSession()).toEqual({ end: 'failed', verdict: 'safe' });
      await expectSafe(bench);
    },
  );

  it.each<BenchInstrument>(['enable', 'router'])(
    'the %s goes dead: the session ends, and every step that can still be taken is taken',
    async (instrument) => {
      const { bench, run } = await sweeping();
      await bench.faults({ replies: { [instrument]: { kind: 'silent', count: null } } });
      const { status, output } = await run.ended;
      expect(status).toBe(1);
      expect(output).toContain('[TB_LINK_TIMEOUT]');
      expect(lastSession()).toEqual({ end: 'failed', verdict: 'unsafe' });
      const { channels } = await bench.state();
      for (const { outputOn, station } of Object.values(channels))
        expect([outputOn, station.volts]).toEqual([false, 0]);
      expect(await bench.violations()).toEqual([]);
      await bench.faults({ replies: { [instrument]: null } });
      // What only hands at the bench or the next session can do: a resume asks, makes safe, and goes on.
      const resumed = await tunnelbench('resume', file, '--bench', join(folder, 'bench.yaml'));
      expect(resumed.output).toContain('Yes. 400 of 400 cells');
      await expectSafe(bench);
    },
  );
});
