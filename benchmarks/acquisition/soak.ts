import { median } from 'd3-array';
import type { BenchmarkLine } from '../benchmark-line.ts';
import { type ProductRun, productRun } from './product-run.ts';
import { type ReferenceTiming, startReference } from './reference-process.ts';

export const SOAK_SWEEPS = 2_000_000;
const WHOLE_WAFER: ReferenceTiming = {
  sweepSeconds: 0,
  settleSeconds: 0,
  rows: 100,
  columns: 200,
  columnsPerEnableLine: 2,
  dies: 36,
};

/** So many sweeps at least, in files of one wafer each: none on a wrong cell, the last die as fast and as small as an early one. */
export async function soak(sweeps = SOAK_SWEEPS, timing = WHOLE_WAFER): Promise<BenchmarkLine[]> {
  const reference = await startReference(timing);
  try {
    const runs: ProductRun[] = [];
    let cells = 0;
    while (cells < sweeps) {
      const run = await productRun(reference);
      runs.push(run);
      cells += run.cells;
    }
    const wrong = runs.reduce((sum, one) => sum + one.wrongCells, 0);
    return [
      { what: 'soak', measured: cells, unit: 'sweeps', reference: null, goal: { at: 'least', value: sweeps } },
      {
        what: 'soak: readings on a wrong cell',
        measured: wrong,
        unit: 'cells',
        reference: null,
        goal: { at: 'most', value: 0 },
      },
      ...flatness('soak', { dies: runs.flatMap(({ dies }) => dies) }),
    ];
  } finally {
    await reference.close();
  }
}

/** Memory and duration of the last quarter of the dies against the second quarter; the first ones warm the program up. */
export function flatness(label: string, { dies }: Pick<ProductRun, 'dies'>): BenchmarkLine[] {
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
