import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_RECIPE_FILE } from '../../acquisition/recipe-file.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';

const CELLS = 2400;
const KILLS = 10;
const root = join(import.meta.dirname, '..', '..');

let folder: string;
let bench: ChildProcess;
let ready: { benchYaml: string; controlPort: number };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-kill-'));
  const script = join(root, 'drivers/simulated/bench-process.ts');
  bench = spawn(process.execPath, [script, '--seed', '3', '--geometry', '40x60', '--dies', '1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(bench.stdout as NodeJS.ReadableStream), 'line');
  ready = JSON.parse(line);
});
afterEach(async () => {
  bench.stdin?.end();
  if (bench.exitCode === null) await once(bench, 'exit');
  rmSync(folder, { recursive: true });
});

/** One request to the control port of the bench process. */
async function control(request: object): Promise<Record<string, unknown>> {
  const socket = connect(ready.controlPort, '127.0.0.1');
  socket.write(`${JSON.stringify({ id: 1, ...request })}\n`);
  const [line] = await once(createInterface(socket), 'line');
  socket.destroy();
  return JSON.parse(line);
}

function tunnelbench(...words: string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'scripts/tunnelbench.js'), ...words], { stdio: 'pipe' });
}

it('is killed at ten random moments and resumed: no violation, nothing missing, nothing stored twice', async () => {
  const { file, measure, resume } = prepare();
  const random = xoroshiro128plus(20);
  for (let kill = 0; kill < KILLS; kill++) {
    const child = tunnelbench(...(kill === 0 ? measure : resume));
    child.stdout?.resume();
    // The progress line appears as the session turns to the die: before contact, while sweeps run, never at its end.
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    await wait(uniformInt(random, 0, 1000));
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await control({ command: 'advance', seconds: 600 });
    // Whatever was armed has run out, and idles at 0 V with nobody there.
    const { result } = await control({ command: 'state' });
    const { channels } = result as { channels: Record<string, { volts: number }> };
    expect(Object.values(channels).map(({ volts }) => volts)).toEqual([0, 0, 0]);
  }
  const last = tunnelbench(...resume);
  let text = '';
  last.stdout?.on('data', (bytes) => (text += bytes));
  last.stderr?.resume();
  expect(await once(last, 'exit')).toEqual([0, null]);
  expect(text).toContain('Yes. 2,400 of 2,400 cells');

  const { result } = (await control({ command: 'ledger' })) as { result: { violations: unknown[] } };
  expect(result.violations).toEqual([]);
  expect(verifyWafer(file).problems).toBe(0);
  const reader = WaferReader.open(file);
  const cells = [...reader.sweeps(0)].map(({ cell }) => cell);
  expect(cells).toEqual(Array.from({ length: CELLS }, (_, cell) => cell));
  const record = cells.map((cell) => reader.sweepsOf(0, cell).filter(({ repeat }) => repeat === 0).length);
  expect(Math.max(...record)).toBe(1);
  expect(reader.plans()).toHaveLength(1);
  const sessions = reader.sessions();
  expect(sessions.map(({ end }) => end)).toEqual([...Array(KILLS).fill(null), 'finished']);
  expect(sessions.flatMap(({ id }) => reader.attempts(id)).some(({ reason }) => reason === 'resume')).toBe(true);
  reader.close();
});

/** Bench file, recipe and the words of the command that measures with them. */
function prepare() {
  const benchFile = join(folder, 'bench.yaml');
  const recipeFile = join(folder, 'recipe.yaml');
  const file = join(folder, 'wafer.sqlite');
  writeFileSync(benchFile, ready.benchYaml);
  const recipe = readFileSync(DEFAULT_RECIPE_FILE, 'utf8');
  // Each kill in contact costs a touchdown on the resume.
  writeFileSync(recipeFile, recipe.replace('maxTouchdownsPerDie: 4', 'maxTouchdownsPerDie: 20'));
  const fields = ['lot', 'wafer', 'notch', 'operator', 'station', 'probe-card', 'purpose'];
  const measure = ['measure', benchFile, '--out', file, '--recipe', recipeFile];
  for (const field of fields) measure.push(`--${field}`, 'unknown');
  return { file, measure, resume: ['resume', file, '--bench', benchFile] };
}
