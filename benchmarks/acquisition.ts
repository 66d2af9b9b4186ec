/**
 * Acquisition against what the instruments allow and against other clients, on reference instruments that answer from
 * tables in a process of their own (acquisition/reference-bench.ts). Every ratio is taken within one run, the two sides
 * taking turns, medians. `--long` adds the soak of two million sweeps.
 */
import { median } from 'd3-array';
import { adaptiveLines } from './acquisition/adaptive-lines.ts';
import { bareLoop } from './acquisition/bare-loop.ts';
import { type ProductRun, productRun } from './acquisition/product-run.ts';
import { pymeasurePython, pymeasureRun } from './acquisition/pymeasure-run.ts';
import { type ReferenceProcess, type ReferenceTiming, startReference } from './acquisition/reference-process.ts';
import type { BenchmarkLine, SkippedLine } from './benchmark-line.ts';

const ROUNDS = 3;
const ROWS = 100;
/** Relays of the reference router settle in this time. */
const SETTLE_SECONDS = 1e-3;
const HAND_OVER_PAIRS = 400;
const PYMEASURE_PAIRS = 400;
const SOAK_SWEEPS = 2_000_000;

type Lines = (BenchmarkLine | SkippedLine)[];

export async function run(): Promise<Lines> {
  return [
    ...(await nearLimit('50 ms', 0.05, 20, 1, 0.99)),
    ...(await nearLimit('1 ms', 1e-3, 100, ROUNDS, 0.95)),
    ...(await fullSpeed()),
    await pairAgainstSingle(),
    ...(await manyDies()),
    ...(await adaptiveLines()),
    ...(process.argv.includes('--long') ? await soak() : []),
  ];
}

/** Pairs per second of the product over those of a client that only hands over, instruments taking their time. */
async function nearLimit(label: string, sweepSeconds: number, columns: number, rounds: number, goal: number) {
  return await withReference({ sweepSeconds, settleSeconds: SETTLE_SECONDS, columns }, async (reference) => {
    const product: number[] = [];
    const limit: number[] = [];
    let wrongCells = 0;
    for (let round = 0; round < rounds; round++) {
      limit.push(rate(await bareLoop(reference, 'hand-over', HAND_OVER_PAIRS)));
      const measured = await productRun(reference);
      product.push(rate(measured));
      wrongCells += measured.wrongCells;
      limit.push(rate(await bareLoop(reference, 'hand-over', HAND_OVER_PAIRS)));
    }
    const name = 'sweep + relays + one confirmed hand-over';
    return [
      against(`${ROWS * columns} cells, ${label} a sweep`, product, limit, 'cells/s', name, goal),
      amount(`${ROWS * columns} cells, ${label} a sweep: readings on a wrong cell`, wrongCells, 'cells', 0),
    ];
  });
}

/** A whole die, instruments answering at once. */
async function fullSpeed(): Promise<Lines> {
  return await withReference({ sweepSeconds: 0, settleSeconds: 0, columns: 200 }, async (reference) => {
    const product: ProductRun[] = [];
    const bare: number[] = [];
    const other: number[] = [];
    const { points } = await bareLoop(reference, 'store', HAND_OVER_PAIRS);
    const python = pymeasurePython();
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(rate(await bareLoop(reference, 'store', ROWS * 100)));
      product.push(await productRun(reference));
      if (python !== null) other.push(rate(await pymeasureRun(python, reference, PYMEASURE_PAIRS, points)));
    }
    const rates = product.map(rate);
    const wrong = product.reduce((sum, { wrongCells }) => sum + wrongCells, 0);
    const cpu = median(product, (one) => (1e6 * one.cpuSeconds) / one.points) as number;
    const bytes = median(product, (one) => one.fileBytes / one.points) as number;
    const seconds = median(product, (one) => one.seconds) as number;
    const what = 'stored at full speed, one pair in flight';
    return [
      against(what, rates, bare, 'cells/s', 'net.Socket + better-sqlite3', 0.7),
      amount('a whole die at full speed: duration', seconds, 's', 60),
      amount('processor time a million points', cpu, 's', 0.7),
      amount('file size', bytes, 'bytes/point', 11),
      amount('readings on a wrong cell at full speed', wrong, 'cells', 0),
      python === null
        ? { what: 'against PyMeasure', skipped: 'no Python with pymeasure and pyvisa_py' }
        : against('stored at full speed', rates, other, 'cells/s', 'PyMeasure + PyVISA-py, CSV, without routing', 8),
    ];
  });
}

/** Pairs, 5 ms a sweep, against the most that single access could do: one cell a sweep, handed over and nothing else. */
async function pairAgainstSingle(): Promise<BenchmarkLine> {
  const busy = { sweepSeconds: 5e-3, settleSeconds: SETTLE_SECONDS, columns: 12 } as const;
  const pair = await withReference(busy, async (reference) => rate(await productRun(reference)));
  const single = await withReference({ ...busy, columnsPerEnableLine: 1 }, async (one) =>
    rate(await bareLoop(one, 'hand-over', HAND_OVER_PAIRS)),
  );
  return against('pair access, 5 ms a sweep', [pair], [single], 'cells/s', 'limit of single access', 1.9);
}

/** 36 small dies: the last is as fast as an early one and memory does not grow. The first ones warm the program up. */
async function manyDies(): Promise<Lines> {
  const timing = { sweepSeconds: 0, settleSeconds: 0, rows: 20, columns: 40, dies: 36 };
  return await withReference(timing, async (reference) => flatness('36 dies', await productRun(reference)));
}

/** Two million sweeps in files of one wafer each, none closed before the last cell. */
async function soak(): Promise<Lines> {
  return await withReference({ sweepSeconds: 0, settleSeconds: 0, columns: 200, dies: 36 }, async (reference) => {
    const runs: ProductRun[] = [];
    for (let sweeps = 0; sweeps < SOAK_SWEEPS; sweeps += runs.at(-1)?.cells ?? 0)
      runs.push(await productRun(reference));
    const cells = runs.reduce((sum, one) => sum + one.cells, 0);
    const wrong = runs.reduce((sum, one) => sum + one.wrongCells, 0);
    const dies = runs.flatMap((one) => one.dies);
    return [
      { what: 'soak', measured: cells, unit: 'sweeps', reference: null, goal: { at: 'least', value: SOAK_SWEEPS } },
      amount('soak: readings on a wrong cell', wrong, 'cells', 0),
      ...flatness('soak', { dies }),
    ];
  });
}

function flatness(label: string, { dies }: Pick<ProductRun, 'dies'>): Lines {
  const quarter = Math.floor(dies.length / 4);
  const early = dies.slice(quarter, 2 * quarter);
  const late = dies.slice(-quarter);
  const seconds = (some: typeof dies) => median(some, (die) => die.seconds) as number;
  const bytes = (some: typeof dies) => (median(some, (die) => die.residentBytes) as number) / 2 ** 20;
  const reference = (value: number) => ({ name: 'second quarter', value });
  return [
    {
      what: `${label}: resident memory in the last quarter`,
      measured: bytes(late),
      unit: 'MiB',
      reference: reference(bytes(early)),
      goal: { at: 'most', value: 1.1 },
    },
    {
      what: `${label}: duration of a die in the last quarter`,
      measured: seconds(late),
      unit: 's',
      reference: reference(seconds(early)),
      goal: { at: 'most', value: 1.1 },
    },
  ];
}

type Timing = Omit<ReferenceTiming, 'rows' | 'columnsPerEnableLine'> & Partial<ReferenceTiming>;

async function withReference<T>(timing: Timing, use: (reference: ReferenceProcess) => Promise<T>): Promise<T> {
  const reference = await startReference({ rows: ROWS, columnsPerEnableLine: 2, ...timing });
  try {
    return await use(reference);
  } finally {
    await reference.close();
  }
}

function rate({ cells, seconds }: { readonly cells: number; readonly seconds: number }): number {
  return cells / seconds;
}

function against(
  what: string,
  measured: readonly number[],
  reference: readonly number[],
  unit: string,
  name: string,
  goal: number,
): BenchmarkLine {
  const value = median(reference) as number;
  return {
    what,
    measured: median(measured) as number,
    unit,
    reference: { name, value },
    goal: { at: 'least', value: goal },
  };
}

function amount(what: string, measured: number, unit: string, most: number): BenchmarkLine {
  return { what, measured, unit, reference: null, goal: { at: 'most', value: most } };
}
