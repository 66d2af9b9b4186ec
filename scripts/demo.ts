import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { makePlan } from '../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../acquisition/recipe-file.ts';
import type { SessionOutcome } from '../acquisition/session.ts';
import { writeReport } from '../analysis/report/write-report.ts';
import type { SessionFields } from '../db/records.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatDuration } from '../wafer/units.ts';
import { benchJson, benchSettings } from './bench-settings.ts';
import { startDemoBench } from './demo-bench.ts';
import { exportModels, measuredDies } from './export-models.ts';
import { finishRun } from './finish-run.ts';
import { runMeasurement } from './run-measurement.ts';
import { softwareVersion } from './software-version.ts';
import { withBench } from './with-bench.ts';

interface DemoOptions {
  readonly dies: string;
  readonly cells?: string;
  readonly out: string;
  readonly seed: string;
  readonly timeScale: string;
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('measure a simulated wafer over real wires, classify it, build die models and write the report')
    .option('--dies <number>', 'how many of the 36 dies', '1')
    .option('--cells <number>', 'a quick look at about this many cells of each die; without it all 20,000')
    .option('--out <folder>', 'where database, report and die models go', 'out/demo')
    .option('--seed <number>', 'which wafer', '1')
    .option('--time-scale <scale>', 'full: instruments never wait; real; or a factor such as 10', 'full')
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const folder = resolve(options.out);
  const file = join(folder, `wafer-${options.seed}.sqlite`);
  if (existsSync(file)) {
    throw new TunnelbenchError('TB_FILE_EXISTS', {
      thing: shown(file),
      what: 'a measurement is there already, and a demo never overwrites one',
      remedy: 'Give another folder with --out, another --seed, or remove the file.',
    });
  }
  await mkdir(folder, { recursive: true });

  const started = performance.now();
  console.log(`simulated bench, wafer of seed ${options.seed}: starting`);
  const bench = await startDemoBench(options.seed, options.timeScale);
  try {
    const benchPath = join(folder, 'bench.yaml');
    await writeFile(benchPath, bench.benchYaml);
    const outcome = await measureDemo(benchPath, file, options);
    finishRun(shown(file), outcome, await bench.violations());
  } finally {
    await bench.close();
  }

  const pages = join(folder, 'report');
  const models = shown(join(folder, 'models'));
  const reader = WaferReader.open(file);
  let firstDie: string;
  try {
    console.log('');
    const measured = measuredDies(reader);
    await exportModels(reader, models, measured);
    const { x, y } = reader.wafer().dies[measured[0]];
    firstDie = `${x},${y}`;
    await writeReport(reader, pages, { softwareVersion: softwareVersion() });
  } finally {
    reader.close();
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    [
      '',
      `All of it took ${formatDuration(seconds)}. The files:`,
      `  measured   ${shown(file)}`,
      `  report     ${shown(join(pages, 'wafer.html'))}`,
      `  die models ${models}`,
      'Next:',
      `  npx tunnelbench verify ${shown(file)}`,
      `  npx tunnelbench train hardware-aware --models ${models} --die ${firstDie} --store ${shown(join(folder, 'models.sqlite'))}`,
      '  npx tunnelbench simulate --out bench.yaml    (then, in another terminal: npx tunnelbench bench check bench.yaml)',
    ].join('\n'),
  );
}

async function measureDemo(benchPath: string, file: string, options: DemoOptions): Promise<SessionOutcome> {
  const benchFile = await readBenchFile(benchPath);
  const count = wholeNumber('--dies', options.dies, benchFile.wafer.dies.length);
  const frozen = makePlan({
    recipe: await readRecipeFile(DEFAULT_RECIPE_FILE),
    bench: benchSettings(benchFile),
    dies: benchFile.wafer.dies.slice(0, count).map(({ ordinal }) => ordinal),
    ...(options.cells !== undefined && { cells: wholeNumber('--cells', options.cells, 20_000) }),
  });
  const fields: SessionFields = {
    lot: 'simulated',
    wafer: benchFile.wafer.id,
    notch: 'down',
    operator: 'unknown',
    station: 'simulated bench',
    probeCard: 'simulated',
    purpose: 'demo',
  };
  return await withBench(benchFile, (opened, watch) =>
    runMeasurement({ bench: opened, frozen, file, fields, benchJson: benchJson(benchFile), ...watch }),
  );
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new TunnelbenchError('TB_USAGE', {
    thing: option,
    what: 'not understood',
    value: text,
    expected: `a whole number from 1 to ${most}`,
    remedy: 'See "tunnelbench demo --help".',
  });
}

/** A path as a user in this folder would type it. */
function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}
