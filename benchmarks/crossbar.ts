import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median } from 'd3-array';
import type { CrossbarArray, Terminal } from '../physics/crossbar/crossbar-array.ts';
import { prepareCrossbar, type SolvableCrossbar, solveVoltages } from '../physics/crossbar/crossbar-network.ts';
import { transferMatrix } from '../physics/crossbar/transfer-matrix.ts';
import type { Benchmark } from './benchmark-line.ts';

const ROWS = 100;
const COLUMNS = 200;
const PITCH_OHMS = 0.2;
const TERMINAL_OHMS = 2;
const ROUNDS = 5;

/**
 * A passive 100 × 200 crossbar with line resistance: one vector cold (assembly, factorisation, solve) and 100 vectors with the same
 * factor, against SciPy's sparse LU on the same matrix, the two taking turns.
 */
export const run: Benchmark = async () => {
  const python = ['/usr/bin/python3', 'python3'].find((name) => spawnSync(name, ['-c', 'import scipy']).status === 0);
  if (python === undefined) {
    return [{ what: 'crossbar solver against SciPy', skipped: 'no Python with SciPy (Debian: python3-scipy)' }];
  }
  const before = process.memoryUsage().rss;
  const array = testArray();
  const scipy = startScipy(python, array);
  const ours: Timing[] = [timeOurs(array)];
  const memory = (process.memoryUsage().rss - before) / 2 ** 20;
  const theirs: Timing[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await scipy.round());
    ours.push(timeOurs(array));
  }
  scipy.close();
  // Not the same system is not a benchmark.
  if (Math.abs(ours[0].sum - theirs[0].sum) > 1e-6 * Math.abs(theirs[0].sum)) throw new Error('the solutions differ');

  const reference = (pick: (timing: Timing) => number, name: string) => ({
    name,
    value: median(theirs, pick) as number,
  });
  // The first of our rounds also made the symbolic factorisation, which is done once per geometry.
  const later = ours.slice(1);
  return [
    {
      what: 'crossbar 100 × 200, first vector of a process (symbolic analysis included)',
      measured: ours[0].one,
      unit: 's',
      reference: reference(({ one }) => one, 'SciPy splu'),
      goal: { at: 'most', value: 1 },
    },
    {
      what: 'crossbar 100 × 200, one vector cold (new die)',
      measured: median(later, ({ one }) => one) as number,
      unit: 's',
      reference: reference(({ one }) => one, 'SciPy splu'),
      goal: { at: 'most', value: 1 },
    },
    {
      what: 'crossbar 100 × 200, 100 vectors (the whole transfer matrix)',
      measured: median(later, ({ hundred }) => hundred) as number,
      unit: 's',
      reference: reference(({ hundred }) => hundred, 'SciPy splu'),
      goal: { at: 'most', value: 1 },
    },
    {
      what: 'crossbar 100 × 200, memory of the first cold vector and 100 vectors',
      measured: memory,
      unit: 'MiB',
      reference: null,
      goal: { at: 'most', value: 120 },
    },
  ];
};

interface Timing {
  readonly one: number;
  readonly hundred: number;
  readonly sum: number;
}

function testArray(): CrossbarArray {
  // A pattern of P and AP without a period, and a few shorts.
  const cellSiemens = Float64Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    if (i % 1999 === 7) return 1 / 300;
    return 1 / ((i * 2_654_435_761) % 4_294_967_296 < 2_147_483_648 ? 18e3 : 40e3);
  });
  return { rows: ROWS, columns: COLUMNS, cellSiemens, rowPitchOhms: PITCH_OHMS, columnPitchOhms: PITCH_OHMS };
}

const terminals: Terminal[] = [
  ...Array.from({ length: ROWS }, (_, index) => ({ line: 'row', index, end: 'first', ohms: TERMINAL_OHMS }) as const),
  ...Array.from(
    { length: COLUMNS },
    (_, index) => ({ line: 'column', index, end: 'last', ohms: TERMINAL_OHMS }) as const,
  ),
];

const inputs = terminals.flatMap(({ line }, i) => (line === 'row' ? [i] : []));
const outputs = terminals.flatMap(({ line }, i) => (line === 'column' ? [i] : []));

function timeOurs(array: CrossbarArray): Timing {
  const volts = Float64Array.from(terminals, ({ line }) => (line === 'row' ? 1 : 0));
  let started = performance.now();
  const crossbar = prepareCrossbar(array, terminals) as SolvableCrossbar;
  const solution = solveVoltages(crossbar, volts).volts;
  const one = (performance.now() - started) / 1000;

  started = performance.now();
  transferMatrix(crossbar, inputs, outputs);
  return { one, hundred: (performance.now() - started) / 1000, sum: solution.reduce((sum, value) => sum + value, 0) };
}

function startScipy(python: string, array: CrossbarArray): { round(): Promise<Timing>; close(): void } {
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
      return JSON.parse(line) as Timing;
    },
    close: () => void child.stdin.end(),
  };
}
