import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface DemoBench {
  readonly benchYaml: string;
  /** Entries of the violation book so far. */
  violations(): Promise<number>;
  close(): Promise<void>;
}

/** Starts the simulated bench in a process of its own, so that every byte between it and the drivers crosses a real wire. */
export async function startDemoBench(seed: string, timeScale: string): Promise<DemoBench> {
  const entry = fileURLToPath(new URL('../drivers/simulated/bench-process.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, '--seed', seed, '--time-scale', timeScale], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ready = await firstLine(child);
  const { benchYaml, controlPort } = JSON.parse(ready) as { benchYaml: string; controlPort: number };
  return {
    benchYaml,
    async violations() {
      const { violations } = (await ask(controlPort, 'ledger')) as { violations: unknown[] };
      return violations.length;
    },
    async close() {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the simulated bench ended with status ${code} before it was ready`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), died])) as [string];
  died.catch(() => {});
  return line;
}

/** One question to the bench's control port, one JSON line each way. */
async function ask(port: number, command: string): Promise<unknown> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    socket.write(`${JSON.stringify({ id: 1, command })}\n`);
    const [line] = (await once(createInterface({ input: socket }), 'line')) as [string];
    const answer = JSON.parse(line) as { ok: boolean; result: unknown; error?: string };
    if (!answer.ok) throw new Error(`the simulated bench refused "${command}": ${answer.error}`);
    return answer.result;
  } finally {
    socket.destroy();
  }
}
