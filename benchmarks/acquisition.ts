/**
 * Acquisition against what the instruments allow and against other clients, on reference instruments that answer from
 * tables in a process of their own (acquisition/reference-bench.ts). Every ratio is taken within one run, the two sides
 * taking turns, medians. `--long` adds the soak of two million sweeps.
 */
import { median } from 'd3-array';
import { adaptiveLines } from './acquisition/adaptive-lines.ts';
import { bareLoop } from './acquisition/bare-loop.ts';
import { type ProductRun, productRun } from './acquisition/product-run.ts';
import { productShare } from './acquisition/product-share.ts';
import { pymeasurePython, pymeasureRun } from './acquisition/pymeasure-run.ts';
import { type ReferenceProcess, type ReferenceTiming, startReference } from './acquisition/reference-process.ts';
import { flatness, soak } from './acquisition/soak.ts';
import type { BenchmarkLine, SkippedLine } from './benchmark-line.ts';

const ROUNDS = 3;
const ROWS = 100;
/** Relays of the reference router settle in this time. */
const SETTLE_SECONDS = 1e-3;
const HAND_OVER_PAIRS = 400;
const PYMEASURE_PAIRS = 400;
/** Debian's PyMeasure hands results on point by point, however they were read. */
const PYMEASURE = 'PyMeasure + PyVISA-py, a sweep a read-out too, CSV, without routing';

type Lines = (BenchmarkLine | SkippedLine)[];

export async function run(): Promise<Lines> {
  return [
    ...(await nearLimit('50 ms', 0.05, 20, 1, 0.99)),
    ...(await nearLimit('1 ms', 1e-3, 100, ROUNDS, 0.95)),
    ...(await fullSpeed()),
    ...(await pairAgainstSingle()),
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
    const share: number[] = [];
    const other: number[] = [];
    const { points } = await bareLoop(reference, 'store', HAND_OVER_PAIRS);
    const python = pymeasurePython();
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(rate(await bareLoop(reference, 'store', ROWS * 100)));
      product.push(await productRun(reference));
      share.push(secondsPerCell(await productShare(reference)));
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
      shareOf(share, bare),
      amount('a whole die at full speed: duration', seconds, 's', 60),
      amount('processor time a million points', cpu, 's', 0.7),
      amount('file size', bytes, 'bytes/point', 11),
      amount('readings on a wrong cell at full speed', wrong, 'cells', 0),
      python === null
        ? { what: 'against PyMeasure', skipped: 'no Python with pymeasure and pyvisa_py' }
        : against('stored at full speed, a sweep a read-out', rates, other, 'cells/s', PYMEASURE, 8),
    ];
  });
}

/** Pairs, 5 ms a sweep, against the most that single access could do: one cell a sweep, handed over and nothing else. */
async function pairAgainstSingle(): Promise<Lines> {
  const busy = { sweepSeconds: 5e-3, settleSeconds: SETTLE_SECONDS, columns: 12 } as const;
  const pairs: number[] = [];
  const singles: number[] = [];
  let wrongCells = 0;
  await withReference(busy, async (pair) => {
    await withReference({ ...busy, columnsPerEnableLine: 1 }, async (single) => {
      for (let round = 0; round < ROUNDS; round++) {
        singles.push(rate(await bareLoop(single, 'hand-over', HAND_OVER_PAIRS)));
        const measured = await productRun(pair);
        pairs.push(rate(measured));
        wrongCells += measured.wrongCells;
        singles.push(rate(await bareLoop(single, 'hand-over', HAND_OVER_PAIRS)));
      }
    });
  });
  return [
    against('pair access, 5 ms a sweep', pairs, singles, 'cells/s', 'limit of single access', 1.9),
    amount('pair access, 5 ms a sweep: readings on a wrong cell', wrongCells, 'cells', 0),
  ];
}

/** 36 small dies: the last is as fast as an early one and memory does not grow. The first ones warm the program up. */
async function manyDies(): Promise<Lines> {
  const timing = { sweepSeconds: 0, settleSeconds: 0, rows: 20, columns: 40, dies: 36 };
  return await withReference(timing, async (reference) => flatness('36 dies', await productRun(reference)));
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

function secondsPerCell({ cells, seconds }: { readonly cells: number; readonly seconds: number }): number {
  return seconds / cells;
}

/** RxJS and everything else that is neither wire nor disk, as a part of the time that the bare loop takes. */
function shareOf(seconds: readonly number[], bareRates: readonly number[]): BenchmarkLine {
  return {
    what: 'RxJS and product features (attempts, losses, classes, progress)',
    measured: 1e6 * (median(seconds) as number),
    unit: 'µs/cell',
    reference: { name: 'net.Socket + better-sqlite3', value: 1e6 / (median(bareRates) as number) },
    goal: { at: 'most', value: 0.25 },
  };
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
