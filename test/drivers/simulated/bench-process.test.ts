import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { openRaw } from './raw-client.ts';

const program = fileURLToPath(new URL('../../../drivers/simulated/bench-process.ts', import.meta.url));
let child: ChildProcess | null = null;

afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
});

async function start(...args: string[]) {
  child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the pipes are open');
  const [line] = await once(createInterface(stdout), 'line');
  return { child, stdin, ready: JSON.parse(line as string) };
}

test('prints where its instruments are, serves them, and ends when its input closes', async () => {
  const { child: process, stdin, ready } = await start('--seed', '9', '--geometry', '4x8');
  expect(ready.benchYaml).toContain(ready.resources.smu);
  const smu = await openRaw(ready.resources.smu);
  expect(await smu.ask('*IDN?')).toContain('2602B');
  await smu.close();
  const exit = once(process, 'exit');
  stdin.end();
  expect((await exit)[0]).toBe(0);
});

test('detached it outlives its input, and ends on SIGTERM', async () => {
  const { child: process, stdin, ready } = await start('--seed', '9', '--geometry', '4x8', '--detached');
  stdin.end();
  const prober = await openRaw(ready.resources.prober);
  expect(await prober.ask('EchoData still here')).toBe('0: still here');
  await prober.close();
  const exit = once(process, 'exit');
  process.kill('SIGTERM');
  expect((await exit)[0]).toBe(0);
});
