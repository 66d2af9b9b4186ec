import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { sha256Hex } from '../acquisition/canonical-json.ts';
import type { FrozenPlan } from '../acquisition/plan.ts';
import type { PoweredDieOutcome } from '../acquisition/programming/powered-die.ts';
import { type ProgrammedDie, programDie } from '../acquisition/programming/program-die.ts';
import { type ProgrammingForecast, programmingForecast } from '../acquisition/programming/programming-forecast.ts';
import { PulseJournal } from '../acquisition/programming/pulse-journal.ts';
import type { CellOutcome, CellTarget } from '../acquisition/programming/write-cells.ts';
import type { DieModel } from '../analysis/die-model.ts';
import { type BenchFile, readBenchFile } from '../drivers/bench-file.ts';
import { readProgrammingMap, type StoredProgrammingMap } from '../training/mapping/programming-map-file.ts';
import { dieLabel } from '../wafer/die.ts';
import { cellAt } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatDuration, formatQuantity } from '../wafer/units.ts';
import { beside } from './beside.ts';
import { type DieLife, dieLife } from './die-life.ts';
import { cellTargets, type DieSourceOptions, knownCellsOf, measuredDie, planForDie } from './die-on-bench.ts';
import { positiveNumber } from './number-option.ts';
import { onOpenBench } from './on-open-bench.ts';
import { softwareVersion } from './software-version.ts';

interface ProgramOptions extends DieSourceOptions {
  readonly bench: string;
  readonly recipe?: string;
  readonly journal?: string;
  readonly out?: string;
  readonly deadline?: number;
  readonly dryRun?: boolean;
}

/** `tunnelbench program`: exit status 0 when every cell of the map reads right and the bench is safe, 1 otherwise. */
export function addProgramCommand(program: Command): void {
  program
    .command('program')
    .description('write a programming map to a die: pulse, verify, retry; goes on where it was interrupted')
    .argument('<map.json>', 'map written by "program-map"')
    .requiredOption('--bench <bench.yaml>', 'bench file')
    .option('--models <folder>', 'folder with the die model that the map was made for')
    .option('--measured <wafer.sqlite>', 'or the wafer file that the die was measured into')
    .option('--die <x,y>', 'the die, where the source has several')
    .option('--recipe <file>', 'recipe (YAML) with a part "programming"; without it the default recipe')
    .option('--journal <file>', 'what was done, on the disk pair by pair; without it beside the map')
    .option('--out <report.json>', 'state of every cell before and after; without it beside the map')
    .option('--deadline <hours>', 'refuse what would take longer', positiveNumber('--deadline'))
    .option('--dry-run', 'print pulses, hours and limits; open nothing')
    .action(programCommand);
}

async function programCommand(file: string, options: ProgramOptions): Promise<void> {
  const map = readProgrammingMap(file);
  const benchFile = await readBenchFile(options.bench);
  const model = await measuredDie(options);
  requireSameDie(file, map, model);
  const frozen = await planForDie(benchFile, model, options.recipe);
  const targets = cellTargets(map.targets, model);
  const forecast = programmingForecast(frozen.plan, targets);
  console.log(forecastText(forecast, frozen, model));
  checkDeadline(forecast, options.deadline);
  if (options.dryRun) return;

  const subject = subjectOf(map, model, frozen);
  const journal = await PulseJournal.open(options.journal ?? beside(file, '.journal.jsonl'), 'program', subject);
  try {
    if (journal.earlier.length > 0) console.log(`going on in ${journal.file}`);
    const life = dieLife(options.measured, model.die.ordinal);
    const outcome = await writeDie(benchFile, frozen, model, targets, journal, life);
    await report(options.out ?? beside(file, '.written.json'), subject, journal, outcome, model);
    if (outcome.error !== null) throw outcome.error;
  } finally {
    await journal.close();
  }
}

function writeDie(
  benchFile: BenchFile,
  { plan }: FrozenPlan,
  model: DieModel,
  targets: readonly CellTarget[],
  journal: PulseJournal,
  { touchdowns, onTouchdown }: DieLife,
): Promise<PoweredDieOutcome<ProgrammedDie>> {
  const known = knownCellsOf(model);
  return onOpenBench(benchFile, 'pair', (bench, { stop, tell, onProgress }) =>
    programDie({
      bench,
      plan,
      known,
      targets,
      journal,
      stop,
      onProgress,
      onWarning: tell,
      earlierTouchdowns: touchdowns,
      onTouchdown,
    }),
  );
}

/** What must be the same for a run to go on in a journal; it is also the provenance of the report. */
function subjectOf(map: StoredProgrammingMap, model: DieModel, { plan }: FrozenPlan) {
  return {
    map: sha256Hex(map.text),
    solutionId: map.solutionId,
    dieModelId: model.id,
    die: model.die,
    wafer: { lot: model.provenance.lot, wafer: model.provenance.wafer, proberId: plan.bench.wafer.id },
    bench: plan.bench.name,
    recipe: plan.recipe.name,
    programming: plan.recipe.programming,
    junctionVolts: plan.recipe.limits.junctionVolts,
  };
}

async function report(
  out: string,
  subject: object,
  journal: PulseJournal,
  { result, safeState }: PoweredDieOutcome<ProgrammedDie>,
  model: DieModel,
): Promise<void> {
  if (safeState.at !== '')
    console.log(`bench left ${safeState.verdict}${safeState.verdict === 'safe' ? ', read back' : ''}`);
  if (result === null) return;
  const { end, cells, rewritten, pulses, mostPulses, uncertainPulses } = result;
  const errors = cells.filter(({ error }) => error !== null);
  const content = {
    format: 'tunnelbench-written-die',
    version: 1,
    provenance: { ...subject, softwareVersion: softwareVersion(), at: new Date().toISOString(), journal: journal.file },
    end,
    pulses,
    mostPulses,
    uncertainPulses,
    rewritten,
    safeState,
    errors: errors.map((outcome) => ({ ...cellAt(model.geometry, outcome.cell), ...outcome })),
    cells,
  };
  await writeFile(out, `${JSON.stringify(content, null, 1)}\n`);
  console.log(outcomeText(result, errors, model));
  console.log(`report: ${out}\njournal: ${dirname(journal.file) === '.' ? `./${journal.file}` : journal.file}`);
  if (errors.length > 0 || end !== 'finished') process.exitCode = 1;
}

const MOST_LISTED = 20;

function outcomeText(
  { end, cells, rewritten, pulses, mostPulses, uncertainPulses }: ProgrammedDie,
  errors: readonly CellOutcome[],
  { geometry }: DieModel,
): string {
  const lines = [
    `${end}: ${cells.length - errors.length} of ${cells.length} cells read right, ${rewritten} of them after a second look`,
    `${pulses} pulses, at most ${mostPulses} on one cell${uncertainPulses > 0 ? `; killed runs may have sent up to ${uncertainPulses} of them` : ''}`,
  ];
  if (errors.length === 0) return lines.join('\n');
  const byReason = Object.entries(Object.groupBy(errors, ({ error }) => error as string));
  lines.push(`write errors: ${byReason.map(([reason, list]) => `${list?.length} ${reason}`).join(', ')}`);
  for (const { cell, target, after, siemens, error } of errors.slice(0, MOST_LISTED)) {
    const { row, column } = cellAt(geometry, cell);
    lines.push(
      `  row ${row}, column ${column}: ${target} wanted, reads ${after} (${formatQuantity(1 / siemens, 'Ω')}), ${error}`,
    );
  }
  if (errors.length > MOST_LISTED) lines.push(`  and ${errors.length - MOST_LISTED} more in the report`);
  return lines.join('\n');
}

function forecastText(forecast: ProgrammingForecast, { plan }: FrozenPlan, model: DieModel): string {
  const { programming, limits } = plan.recipe;
  const lines: [string, string][] = [
    ['die', `${dieLabel(model.die)} of ${plan.bench.wafer.id}, bench ${plan.bench.name}`],
    [
      'to write',
      `${forecast.cells} cells in ${forecast.pairs} pairs; ${forecast.unwritable} known as unwritable are only read`,
    ],
    ['amplitudes', `${programming?.amplitudes.join(', ')} V, ${programming?.pulsesPerAmplitude} pulses each`],
    [
      'junction, largest',
      `${formatQuantity(forecast.mostVolts, 'V')} (ceiling ${formatQuantity(limits.junctionVolts, 'V')})`,
    ],
    ['half-selected', `partner at half, floating rows at a quarter of it`],
    ['reads', `${programming?.read.volts} V at both polarities`],
    ['pulses expected', `${forecast.expectedPulses}, when half of the cells stand wrong`],
    ['pulses on one cell', `at most ${forecast.mostPulsesPerCell} (budget ${programming?.mostPulsesPerCell})`],
    ['time expected', formatDuration(forecast.expectedSeconds)],
    ['time at most', `${formatDuration(forecast.mostSeconds)}, with every retry of every cell`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n');
}

function checkDeadline({ expectedSeconds }: ProgrammingForecast, deadlineHours: number | undefined): void {
  if (deadlineHours === undefined || expectedSeconds <= 3600 * deadlineHours) return;
  throw new TunnelbenchError('TB_DEADLINE_EXCEEDED', {
    thing: 'programming',
    what: 'it would take longer than the deadline allows',
    value: formatDuration(expectedSeconds),
    expected: `at most ${formatDuration(3600 * deadlineHours)}`,
    remedy: 'Raise --deadline; nothing was energised.',
  });
}

function requireSameDie(file: string, map: StoredProgrammingMap, model: DieModel): void {
  if (map.dieModelId === model.id) return;
  throw new TunnelbenchError('TB_MAPPING_INVALID', {
    thing: file,
    what: 'the map was made for another die model',
    value: map.dieModelId,
    expected: model.id,
    remedy: 'Give the die that the map was made for, or make the map again.',
  });
}
