import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');

/** The simulated bench in a process of its own, with its control port. */
export class BenchProcess {
  readonly benchYaml: string;
  readonly #child: ChildProcess;
  readonly #controlPort: number;

  static async start(...options: string[]): Promise<BenchProcess> {
    const entry = join(ROOT, 'drivers/simulated/bench-process.ts');
    const child = spawn(process.execPath, [entry, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')) as [string];
    return new BenchProcess(child, JSON.parse(line));
  }

  private constructor(child: ChildProcess, ready: { benchYaml: string; controlPort: number }) {
    this.#child = child;
    this.benchYaml = ready.benchYaml;
    this.#controlPort = ready.controlPort;
  }

  /** One request to the control port; rejects when the bench refuses it. */
  async control<Result>(request: object): Promise<Result> {
    const socket = connect(this.#controlPort, '127.0.0.1');
    try {
      socket.write(`${JSON.stringify({ id: 1, ...request })}\n`);
      const [line] = (await once(createInterface(socket), 'line')) as [string];
      const answer = JSON.parse(line) as { ok: boolean; error?: string; result: Result };
      if (!answer.ok) throw new Error(answer.error);
      return answer.result;
    } finally {
      socket.destroy();
    }
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

/** Runs a tunnelbench command to its end; never rejects on its exit status. */
export async function tunnelbench(...words: string[]): Promise<{ status: number; output: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/tunnelbench.js'), ...words], { stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  child.stderr.on('data', (bytes) => (output += bytes));
  const [status] = (await once(child, 'exit')) as [number];
  return { status, output };
}

/** Session fields as options, all of them. */
export const FIELD_OPTIONS = ['lot', 'wafer', 'notch', 'operator', 'station', 'probe-card', 'purpose'].flatMap(
  (name) => [`--${name}`, 'unknown'],
);
