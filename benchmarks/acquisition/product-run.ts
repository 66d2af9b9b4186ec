import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePlan, type PlanChoice } from '../../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import { openBench } from '../../drivers/open-bench.ts';
import { benchJson, benchSettings } from '../../scripts/bench-settings.ts';
import { runMeasurement } from '../../scripts/run-measurement.ts';
import { cellAt } from '../../wafer/geometry.ts';
import type { ReferenceProcess } from './reference-process.ts';
import { cellFactor } from './reference-smu.ts';

/** One measurement by the product. Times run from the first stored position to the last of the plan. */
export interface ProductRun {
  readonly cells: number;
  readonly points: number;
  readonly seconds: number;
  /** Of this process with its writer thread. */
  readonly cpuSeconds: number;
  readonly fileBytes: number;
  /** Cells whose resistance is another cell's. */
  readonly wrongCells: number;
  /** Seconds of each die, in the order of measuring, and resident bytes at its end. */
  readonly dies: readonly { readonly seconds: number; readonly residentBytes: number }[];
}

const UNKNOWN = { lot: 'unknown', wafer: 'unknown', notch: 'unknown', operator: 'unknown', station: 'unknown' };
const FIELDS = { ...UNKNOWN, probeCard: 'unknown', purpose: 'benchmark' };

/** R_P of the reference instruments' ideal cell; see reference-smu.ts. */
const IDEAL_OHMS = 18e3;
/** Two neighbouring factors are 1e-4 apart. */
const SAME_CELL = 4e-5;

/** Measures every cell of the reference bench with the default recipe, without repeat sample and reference cells. */
export async function productRun(reference: ReferenceProcess, change: Partial<PlanChoice> = {}): Promise<ProductRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-benchmark-'));
  const file = join(folder, 'wafer.sqlite');
  try {
    const timed = await measure(reference, file, change);
    return { ...timed, ...stored(file) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(reference: ReferenceProcess, file: string, change: Partial<PlanChoice>) {
  const benchFile = parseBenchFile(reference.benchYaml, 'reference.yaml');
  const recipe = await readRecipeFile(DEFAULT_RECIPE_FILE);
  const frozen = makePlan({
    recipe: {
      ...recipe,
      contact: { ...recipe.contact, settleSeconds: 0 },
      repeatSample: { ...recipe.repeatSample, cellsPerDie: 0, loops: 0 },
      reference: { ...recipe.reference, cellsPerDie: 0 },
    },
    bench: benchSettings(benchFile),
    ...change,
  });
  const bench = await openBench(benchFile, AbortSignal.timeout(60_000));
  let cells = 0;
  let points = 0;
  const marks: { die: number; atMs: number; cpu: NodeJS.CpuUsage; residentBytes: number }[] = [];
  const last: typeof marks = [];
  try {
    const outcome = await runMeasurement({
      bench,
      frozen,
      file,
      fields: FIELDS,
      benchJson: benchJson(benchFile),
      onRecorded: ({ sweeps, cursor }) => {
        cells += sweeps.length;
        for (const { readings } of sweeps) points += readings.flags.length;
        const first = marks.at(-1)?.die !== cursor.dieOrdinal;
        const rows = frozen.plan.bench.geometry.rows;
        if (!first && cursor.nextPosition % rows !== 0) return;
        const mark = {
          die: cursor.dieOrdinal,
          atMs: performance.now(),
          cpu: process.cpuUsage(),
          residentBytes: process.memoryUsage.rss(),
        };
        if (first) marks.push(mark);
        last[marks.length - 1] = mark;
      },
    });
    if (outcome.error !== null) throw outcome.error;
  } finally {
    await bench.close();
  }
  const end = last.at(-1) as (typeof last)[number];
  const cpu = { user: end.cpu.user - marks[0].cpu.user, system: end.cpu.system - marks[0].cpu.system };
  return {
    cells,
    points,
    seconds: (end.atMs - marks[0].atMs) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    dies: marks.map(({ atMs }, i) => ({
      seconds: (last[i].atMs - atMs) / 1000,
      residentBytes: last[i].residentBytes,
    })),
  };
}

function stored(file: string): Pick<ProductRun, 'fileBytes' | 'wrongCells'> {
  const reader = WaferReader.open(file);
  try {
    const { geometry } = reader.wafer();
    let wrongCells = 0;
    for (const { ordinal } of reader.dies()) {
      for (const { cell, rP } of reader.cells(ordinal)) {
        const { row, column } = cellAt(geometry, cell);
        const expected = IDEAL_OHMS / cellFactor(row, column);
        if (rP === null || Math.abs(rP / expected - 1) > SAME_CELL) wrongCells += 1;
      }
    }
    return { fileBytes: statSync(file).size, wrongCells };
  } finally {
    reader.close();
  }
}
