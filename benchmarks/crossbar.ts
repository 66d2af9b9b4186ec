import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median } from 'd3-array';
import type { CrossbarArray } from '../physics/crossbar/crossbar-array.ts';
import { solveVoltages } from '../physics/crossbar/crossbar-network.ts';
import { transferMatrix } from '../physics/crossbar/transfer-matrix.ts';
import type { Benchmark } from './benchmark-line.ts';
import { oneVector, ROWS, TERMINAL_OHMS, terminals, testArray } from './crossbar/test-array.ts';

const ROUNDS = 7;

/**
 * A passive 100 × 200 crossbar with line resistance: one vector cold (assembly, factorisation, solve), 100 vectors with the same
 * factor, and the transfer matrix, against SciPy's sparse LU on the same matrix, the two taking turns.
 */
export const run: Benchmark = async () => {
  const python = ['/usr/bin/python3', 'python3'].find((name) => spawnSync(name, ['-c', 'import scipy']).status === 0);
  if (python === undefined) {
    return [{ what: 'crossbar solver against SciPy', skipped: 'no Python with SciPy (Debian: python3-scipy)' }];
  }
  const before = process.memoryUsage().rss;
  const array = testArray();
  const scipy = startScipy(python, array);
  const warmUp = timeOurs(array);
  const memory = (process.memoryUsage().rss - before) / 2 ** 20;
  const ours: Timing[] = [];
  const theirs: ScipyTiming[] = [];
  const first: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await scipy.round());
    ours.push(timeOurs(array));
    first.push(firstVector());
  }
  scipy.close();
  // Not the same system is not a benchmark.
  if (Math.abs(warmUp.sum - theirs[0].sum) > 1e-6 * Math.abs(theirs[0].sum)) throw new Error('the solutions differ');

  const against = (what: string, measured: number, pick: (timing: ScipyTiming) => number) => ({
    what: `crossbar 100 × 200, ${what}`,
    measured,
    unit: 's',
    reference: { name: 'SciPy splu', value: median(theirs, pick) as number },
    goal: { at: 'most', value: 1 } as const,
  });
  return [
    against('first vector of a process (symbolic analysis included)', median(first) as number, ({ one }) => one),
    against('one vector cold (new die)', median(ours, ({ one }) => one) as number, ({ one }) => one),
    against(
      '100 vectors, voltages of all nodes',
      median(ours, ({ hundred }) => hundred) as number,
      ({ hundred }) => hundred,
    ),
    against(
      'transfer matrix of all 100 rows to 200 columns (SciPy: the same 100 vectors)',
      median(ours, ({ transfer }) => transfer) as number,
      ({ hundred }) => hundred,
    ),
    {
      what: 'crossbar 100 × 200, memory of the first cold vector and 100 vectors',
      measured: memory,
      unit: 'MiB',
      reference: null,
      goal: { at: 'most', value: 120 },
    },
  ];
};

interface ScipyTiming {
  readonly one: number;
  readonly hundred: number;
  readonly sum: number;
}

interface Timing extends ScipyTiming {
  readonly transfer: number;
}

const inputs = terminals.flatMap(({ line }, i) => (line === 'row' ? [i] : []));
const outputs = terminals.flatMap(({ line }, i) => (line === 'column' ? [i] : []));

function timeOurs(array: CrossbarArray): Timing {
  const { crossbar, seconds: one, sum } = oneVector(array);
  // Each row in turn at 1 V.
  const volts = new Float64Array(terminals.length * ROWS);
  for (const input of inputs) volts[input * ROWS + input] = 1;
  let started = performance.now();
  solveVoltages(crossbar, volts, ROWS);
  const hundred = (performance.now() - started) / 1000;

  started = performance.now();
  transferMatrix(crossbar, inputs, outputs);
  return { one, hundred, transfer: (performance.now() - started) / 1000, sum };
}

function firstVector(): number {
  const script = join(import.meta.dirname, 'crossbar', 'first-vector.ts');
  return Number(execFileSync(process.execPath, [script], { encoding: 'utf8' }));
}

function startScipy(python: string, array: CrossbarArray): { round(): Promise<ScipyTiming>; close(): void } {
  const script = join(import.meta.dirname, 'crossbar', 'scipy_lu.py');
  const child: ChildProcessWithoutNullStreams = spawn(python, [script]);
  child.stderr.pipe(process.stderr);
  const { rows, columns, rowPitchOhms, columnPitchOhms, cellSiemens } = array;
  const header = { rows, columns, rowPitchOhms, columnPitchOhms, terminalOhms: TERMINAL_OHMS };
  child.stdin.write(`${JSON.stringify(header)}\n`);
  child.stdin.write(Buffer.from(cellSiemens.buffer, cellSiemens.byteOffset, cellSiemens.byteLength));
  const lines = createInterface({ input: child.stdout });
  return {
    async round() {
      child.stdin.write('go\n');
      const [line] = (await once(lines, 'line')) as [string];
      return JSON.parse(line) as ScipyTiming;
    },
    close: () => void child.stdin.end(),
  };
}
