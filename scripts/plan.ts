import type { Command } from 'commander';
import { type DryRun, dryRun } from '../acquisition/dry-run.ts';
import { percent } from '../acquisition/rows-at-once.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { formatDuration, formatQuantity } from '../wafer/units.ts';
import { addPlanOptions, type PlanOptions, planFromOptions } from './plan-options.ts';
import { rowsAtOnce } from './rows-at-once.ts';

/** `tunnelbench plan`: the dry run. Opens no instrument. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .description('make a plan from a bench file and a recipe, check it, and print what it would do')
    .argument('<bench.yaml>', 'bench file')
    .option('--json', 'print the dry run as JSON');
  addPlanOptions(command).action(async (file: string, options: PlanOptions & { json?: boolean }) => {
    const benchFile = await readBenchFile(file);
    const frozen = await planFromOptions(benchFile, options);
    const result = dryRun(frozen, rowsAtOnce(benchFile, options.rowsAtOnce));
    console.log(options.json ? JSON.stringify(result, null, 2) : dryRunText(result));
  });
}

/** The dry run as a page of text. */
export function dryRunText(run: DryRun): string {
  const { extremes, estimate, touchdowns } = run;
  const lines: [string, string][] = [
    ['recipe', run.recipe],
    ...recipeLines(run),
    ['plan (SHA-256)', run.sha256],
    ['bench, wafer', `${run.bench}, ${run.waferId}`],
    ['to measure', `${run.dies} ${run.dies === 1 ? 'die' : 'dies'} × ${run.cellsPerDie.toLocaleString('en-GB')} cells`],
    ...(run.skippedDies.length === 0 ? [] : [line('left out', `${diesText(run.skippedDies)} of the wafer`)]),
    ...(run.repeatedDies.length === 0
      ? []
      : [line('a second time', `${diesText(run.repeatedDies)}, after all others`)]),
    ['access scheme', accessText(run)],
    ...rowsLines(run),
    ['touchdowns per die', `${touchdowns.planned}, at most ${touchdowns.atMost} if the contact check fails`],
    ['junction, largest', `${volts(extremes.junctionVolts)} (ceiling ${volts(run.ceilingVolts)})`],
    ['half-selected cells', `up to ${volts(extremes.halfSelectedVolts)}, ${halfSelectedText(run)}`],
    ...extremes.bySegment.map(({ name, minVolts, maxVolts }) =>
      line(`  ${name}`, `${volts(minVolts)} … ${volts(maxVolts)}`),
    ),
    ...run.pads.map(({ name, minVolts, maxVolts }) => line(`pads: ${name}`, `${volts(minVolts)} … ${volts(maxVolts)}`)),
    ...currentLines(run),
    ...(run.recipes.length > 1 ? [] : dieTimeLines(run)),
    ['time in all', `${formatDuration(estimate.totalSeconds)}${deadlineText(run)}`],
    ['file size', formatBytes(estimate.bytes)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(22)} ${value}`.trimEnd()).join('\n');
}

function accessText({ access, exchangesPerCell }: DryRun): string {
  return exchangesPerCell === 0
    ? access
    : `${access}: HI and LO exchanged ${exchangesPerCell} times a cell, each at 0 V`;
}

function halfSelectedText({ access }: DryRun): string {
  return access === 'single' ? 'in the negative half of every cell' : 'only where a partner is measured alone';
}

const volts = (value: number) => formatQuantity(value, 'V');
const amps = (value: number) => formatQuantity(value, 'A');

function line(name: string, value: string): [string, string] {
  return [name, value];
}

/** Which die has which recipe, where they differ. */
function recipeLines({ recipes }: DryRun): [string, string][] {
  if (recipes.length < 2) return [];
  return recipes.map(({ name, dies, junctionVolts, dieSeconds }) =>
    line(`  ${name}`, `${diesText(dies)}: up to ${volts(junctionVolts)}, ${formatDuration(dieSeconds)} a die`),
  );
}

function currentLines({ currents }: DryRun): [string, string][] {
  const { cellAmps, cellCeilingAmps, aloneColumnAmps, lineCeilingAmps } = currents;
  const ofLine = lineCeilingAmps === null ? '' : ` (ceiling of a line ${amps(lineCeilingAmps)})`;
  return [
    line('current limit, cell', `${amps(cellAmps)} (ceiling ${amps(cellCeilingAmps)})`),
    ...(aloneColumnAmps === null
      ? []
      : [
          line(
            'current limit, column',
            `${amps(aloneColumnAmps)}${ofLine}, beside half-selected cells while one cell is measured alone`,
          ),
        ]),
  ];
}

/** Cross-talk of the cells that are measured at once, and why not more of them. */
function rowsLines({ rowsAtOnce: verdicts }: DryRun): [string, string][] {
  return verdicts.map(({ rows, deviation, refusal }) => {
    const { healthy, open, shorted } = deviation;
    const figures = `healthy ${percent(healthy)}, open ${percent(open)}, shorted ${percent(shorted)}`;
    if (rows === 1)
      return line('rows at once', `1, its pair; cross-talk beside a partner that is ${figures} (measured alone then)`);
    return line(`  ${rows} rows of a column`, refusal ?? `possible; cross-talk ${figures}`);
  });
}

/** Where all dies have one recipe. */
function dieTimeLines({ estimate }: DryRun): [string, string][] {
  return [
    line('time per sweep', formatDuration(estimate.sweepSeconds)),
    line('time per pair', `${formatDuration(estimate.pairSeconds)} with routing`),
    line('time per die', formatDuration(estimate.dieSeconds)),
  ];
}

/** "die 4", "dies 0, 3, 7–9". */
function diesText(dies: readonly number[]): string {
  const runs: number[][] = [];
  for (const ordinal of dies) {
    const last = runs.at(-1);
    if (last?.at(-1) === ordinal - 1) last.push(ordinal);
    else runs.push([ordinal]);
  }
  const texts = runs.map((run) => (run.length > 2 ? `${run[0]}–${run.at(-1)}` : run.join(', ')));
  return `${dies.length === 1 ? 'die' : 'dies'} ${texts.join(', ')}`;
}

function deadlineText({ deadlineSeconds }: DryRun): string {
  return deadlineSeconds === null ? '' : ` (deadline ${formatDuration(deadlineSeconds)})`;
}

function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
