import type { Command } from 'commander';
import { type DryRun, dryRun } from '../acquisition/dry-run.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { formatDuration, formatQuantity } from '../wafer/units.ts';
import { addPlanOptions, type PlanOptions, planFromOptions } from './plan-options.ts';

/** `tunnelbench plan`: the dry run. Opens no instrument. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .description('make a plan from a bench file and a recipe, check it, and print what it would do')
    .argument('<bench.yaml>', 'bench file')
    .option('--json', 'print the dry run as JSON');
  addPlanOptions(command).action(async (file: string, options: PlanOptions & { json?: boolean }) => {
    const frozen = await planFromOptions(await readBenchFile(file), options);
    const result = dryRun(frozen);
    console.log(options.json ? JSON.stringify(result, null, 2) : dryRunText(result));
  });
}

/** The dry run as a page of text. */
export function dryRunText(run: DryRun): string {
  const { extremes, estimate, touchdowns } = run;
  const volts = (value: number) => formatQuantity(value, 'V');
  const lines: [string, string][] = [
    ['recipe', run.recipe],
    ['plan (SHA-256)', run.sha256],
    ['bench, wafer', `${run.bench}, ${run.waferId}`],
    ['to measure', `${run.dies} ${run.dies === 1 ? 'die' : 'dies'} × ${run.cellsPerDie.toLocaleString('en-GB')} cells`],
    ['access scheme', run.access],
    ['touchdowns per die', `${touchdowns.planned}, at most ${touchdowns.atMost} if the contact check fails`],
    ['junction, largest', `${volts(extremes.junctionVolts)} (ceiling ${volts(run.ceilingVolts)})`],
    ['half-selected cells', `up to ${volts(extremes.halfSelectedVolts)}, only where a partner is measured alone`],
    ...extremes.bySegment.map(
      ({ name, minVolts, maxVolts }) => [`  ${name}`, `${volts(minVolts)} … ${volts(maxVolts)}`] as [string, string],
    ),
    ...run.pads.map(
      ({ name, minVolts, maxVolts }) =>
        [`pads: ${name}`, `${volts(minVolts)} … ${volts(maxVolts)}`] as [string, string],
    ),
    ['time per sweep', formatDuration(estimate.sweepSeconds)],
    ['time per pair', `${formatDuration(estimate.pairSeconds)} with routing`],
    ['time per die', formatDuration(estimate.dieSeconds)],
    ['time in all', `${formatDuration(estimate.totalSeconds)}${deadlineText(run)}`],
    ['file size', formatBytes(estimate.bytes)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(22)} ${value}`).join('\n');
}

function deadlineText({ deadlineSeconds }: DryRun): string {
  return deadlineSeconds === null ? '' : ` (deadline ${formatDuration(deadlineSeconds)})`;
}

function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
