import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median } from 'd3-array';
import type { Benchmark, BenchmarkLine } from './benchmark-line.ts';
import { FAMILIES, type Family, OurClient } from './instruments/our-client.ts';

const PYTHON = '/usr/bin/python3';
const ROUNDS = 7;
const TRIPS = 3000;
const SWEEPS = 100;
const POINTS = 101;

/** Up to 0.7 V and back: one polarity, so that no source needs its terminals exchanged. */
const VOLTS = Array.from({ length: POINTS }, (_, i) => Number((0.7 * (1 - Math.abs(i - 50) / 50)).toFixed(3)));

/**
 * Our drivers against PyMeasure over PyVISA-py on the same simulated instruments in the same run, the two taking turns: one
 * question and its answer, and sweeps of 101 points programmed once and read back as binary blocks. On the SCPI families
 * ours do more: a pre-read that chooses the range, lists and limits read back, readings fetched twice. On the 2600 both
 * call the same script in the instrument, with its three channels.
 */
export const run: Benchmark = async () => {
  const what = 'round trips and 101-point sweeps against PyMeasure over PyVISA-py';
  if (spawnSync(PYTHON, ['-c', 'import pymeasure, pyvisa, pyvisa_py']).status !== 0) {
    const packages = 'python3-pymeasure, python3-pyvisa, python3-pyvisa-py';
    return [{ what, skipped: `no PyMeasure with PyVISA-py at ${PYTHON} (Debian: ${packages})` }];
  }
  const server = startServer();
  const resources = await server.resources();
  const theirs = startPyMeasure(resources);
  const lines: BenchmarkLine[] = [];
  for (const family of FAMILIES) {
    const ours = await OurClient.open(family, resources[family]);
    lines.push(...(await compare(family, ours, theirs)));
    await ours.close();
  }
  theirs.close();
  server.close();
  return lines;
};

type Figures = Record<'trips' | 'sweeps', number[]>;

async function compare(family: Family, ours: OurClient, theirs: PyMeasure): Promise<BenchmarkLine[]> {
  const found: { ours: Figures; theirs: Figures } = {
    ours: { trips: [], sweeps: [] },
    theirs: { trips: [], sweeps: [] },
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const trips = await theirs.order({ family, task: 'trips', count: TRIPS });
    // The 2600 is swept by the script that ours loads.
    if (family === 'keithley-2600') await ours.setUp(VOLTS);
    else await theirs.order({ family, task: 'setUp', volts: VOLTS });
    const sweeps = await theirs.order({ family, task: 'sweeps', count: SWEEPS });
    await ours.setUp(VOLTS);
    const ownTrips = await seconds(() => ours.trips(TRIPS));
    let amps = 0;
    const ownSweeps = await seconds(async () => {
      amps = await ours.sweeps(SWEEPS, POINTS);
    });
    // Not the same current is not the same sweep.
    if (!(Math.abs(amps - sweeps.amps) <= 0.01 * Math.abs(sweeps.amps))) {
      throw new Error(`${family}: ${amps} A here, ${sweeps.amps} A there`);
    }
    // The first round warms both up.
    if (round === 0) continue;
    found.theirs.trips.push(TRIPS / trips.seconds);
    found.theirs.sweeps.push(SWEEPS / sweeps.seconds);
    found.ours.trips.push(TRIPS / ownTrips);
    found.ours.sweeps.push(SWEEPS / ownSweeps);
  }
  const line = (task: keyof Figures, text: string, goal: BenchmarkLine['goal']): BenchmarkLine => ({
    what: `${family}, ${text}`,
    measured: median(found.ours[task]) as number,
    unit: `${task === 'trips' ? 'round trips' : 'sweeps'}/s`,
    reference: { name: 'PyMeasure over PyVISA-py', value: median(found.theirs[task]) as number },
    goal,
  });
  const goal = { at: 'least', value: 1 } as const;
  const sweep = 'sweep of 101 points';
  // Where the work differs the ratio is for information.
  const swept =
    family === 'keithley-2600'
      ? line('sweeps', `${sweep}, the same script`, goal)
      : line('sweeps', `${sweep}; ours with pre-read and limits read back, fetched twice`, null);
  return [line('trips', 'one question, one answer', goal), swept];
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function startServer() {
  const script = join(import.meta.dirname, 'instruments', 'instrument-server.ts');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    async resources() {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      return JSON.parse(line) as Readonly<Record<Family, string>>;
    },
    close: () => void child.stdin.end(),
  };
}

interface Order {
  readonly family: Family;
  readonly task: 'setUp' | 'trips' | 'sweeps';
  readonly count?: number;
  readonly volts?: readonly number[];
}

interface PyMeasure {
  order(order: Order): Promise<{ readonly seconds: number; readonly amps: number }>;
  close(): void;
}

function startPyMeasure(resources: Readonly<Record<Family, string>>): PyMeasure {
  const script = join(import.meta.dirname, 'instruments', 'pymeasure_client.py');
  const args = ['-W', 'ignore', script, JSON.stringify(resources)];
  const child = spawn(PYTHON, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the PyMeasure client ended with ${code}`);
  });
  ended.catch(() => {});
  return {
    async order(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
      return JSON.parse(line);
    },
    close: () => void child.stdin.end(),
  };
}
