import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { ChuckHeight, SourceChannel } from '../../drivers/capabilities.ts';
import type { FaultSettings } from '../../drivers/simulated/bench-control.ts';
import type { SourceSetting } from '../../drivers/simulated/probe-station.ts';
import type { SupplyName } from '../../wafer/pad-map.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the control port says of the instruments and the world behind them. */
export interface BenchState {
  readonly channels: Readonly<Record<SourceChannel, { outputOn: boolean; volts: number; station: SourceSetting }>>;
  readonly sweeping: boolean;
  readonly enable: { readonly enabled: number | null };
  readonly router: { readonly route: string };
  readonly supplies: Readonly<Record<SupplyName, { on: boolean }>>;
  readonly height: ChuckHeight;
  readonly touchdowns: number;
  readonly energised: { readonly outputs: number; readonly supplies: number; readonly enableLines: number };
}

/** Everything by which a bench is not at rest; empty: outputs off at 0 V, lines low, routes open, supplies off, separated. */
export function notAtRest({ channels, sweeping, enable, router, supplies, height }: BenchState): string[] {
  const live = Object.entries(channels).flatMap(([name, { outputOn, volts, station }]) =>
    outputOn || station.outputOn || volts !== 0 || station.volts !== 0 ? [`${name} at ${station.volts} V`] : [],
  );
  if (sweeping) live.push('a sweep runs');
  if (enable.enabled !== null) live.push(`enable line ${enable.enabled} high`);
  if (/=[ABR]/.test(router.route)) live.push(`routed: ${router.route}`);
  for (const [name, { on }] of Object.entries(supplies)) if (on) live.push(`${name} on`);
  if (height !== 'separation') live.push(`chuck: ${height}`);
  return live;
}

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

  async state(): Promise<BenchState> {
    return await this.control<BenchState>({ command: 'state' });
  }

  async violations(): Promise<readonly object[]> {
    return (await this.control<{ violations: object[] }>({ command: 'ledger' })).violations;
  }

  async faults(faults: FaultSettings): Promise<void> {
    await this.control({ command: 'faults', faults });
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

/** A tunnelbench command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** What it printed so far, on both streams. */
  readonly output: () => string;
  /** Resolves when it has ended and everything it printed has arrived; never rejects on its exit status. */
  readonly ended: Promise<{ status: number | null; output: string }>;
}

export function startTunnelbench(...words: string[]): RunningCommand {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/tunnelbench.js'), ...words], { stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  child.stderr.on('data', (bytes) => (output += bytes));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, output }));
  return { child, output: () => output, ended };
}

/** Runs a tunnelbench command to its end. */
export async function tunnelbench(...words: string[]): Promise<{ status: number | null; output: string }> {
  return await startTunnelbench(...words).ended;
}

/** Session fields as options, all of them. */
export const FIELD_OPTIONS = ['lot', 'wafer', 'notch', 'operator', 'station', 'probe-card', 'purpose'].flatMap(
  (name) => [`--${name}`, 'unknown'],
);
