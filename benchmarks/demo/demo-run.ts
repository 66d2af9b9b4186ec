import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { childrenOf, type ProcessUsage, usageOf } from './process-usage.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'scripts', 'tunnelbench.js');
const SAMPLE_MILLISECONDS = 100;

/** One run of the demo, as a user starts it. */
export interface DemoRun {
  /** From the start of the process to its end, report and die models included. */
  readonly seconds: number;
  /** Until the session was over: sweeps, classes and file. */
  readonly measuringSeconds: number;
  /** The client and the simulated bench at the end; null where the system does not tell. */
  readonly client: ProcessUsage | null;
  readonly bench: ProcessUsage | null;
  /** Resident bytes of the client while it measured, in order of time. */
  readonly residentBytes: readonly number[];
}

/** Runs `tunnelbench demo` with these options into a folder that is removed again; throws when it does not finish. */
export async function demoRun(...options: string[]): Promise<DemoRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-demo-'));
  try {
    const begun = performance.now();
    const secondsSoFar = () => (performance.now() - begun) / 1000;
    const child = spawn(process.execPath, [LAUNCHER, 'demo', '--out', folder, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let measuringSeconds: number | null = null;
    child.stdout.on('data', (bytes) => {
      output += bytes;
      if (output.includes('Did it finish?')) measuringSeconds ??= secondsSoFar();
    });
    child.stderr.on('data', (bytes) => {
      output += bytes;
    });
    let over = false;
    const ended = once(child, 'close').finally(() => {
      over = true;
    });
    let client: ProcessUsage | null = null;
    let bench: ProcessUsage | null = null;
    const residentBytes: number[] = [];
    while (!over) {
      client = usageOf(child.pid as number) ?? client;
      bench = client === null ? null : (childrenOf(client.pid)[0] ?? bench);
      if (client !== null && bench !== null && measuringSeconds === null) residentBytes.push(client.residentBytes);
      await Promise.race([ended, wait(SAMPLE_MILLISECONDS)]);
    }
    const [status] = await ended;
    // Status 1 says that somebody should look at the wafer, which a bad die of the simulated one may well ask for.
    if (measuringSeconds === null || !output.includes('All of it took')) {
      throw new Error(`the demo ended with status ${status}:\n${output}`);
    }
    return { seconds: secondsSoFar(), measuringSeconds, client, bench, residentBytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
