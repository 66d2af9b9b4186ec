import type { Command } from 'commander';
import { dryRun } from '../acquisition/dry-run.ts';
import { checkSessionFields, SESSION_FIELDS } from '../acquisition/session-fields.ts';
import type { SessionFields } from '../db/records.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { benchJson } from './bench-settings.ts';
import { finishRun } from './finish-run.ts';
import { dryRunText } from './plan.ts';
import { addPlanOptions, type PlanOptions, planFromOptions } from './plan-options.ts';
import { rowsAtOnce } from './rows-at-once.ts';
import { runMeasurement } from './run-measurement.ts';
import { lastSelfTest, selfTestLine } from './self-test-file.ts';
import { HALT_OPTION, withBench } from './with-bench.ts';
import { withWireLog } from './with-wire-log.ts';

type MeasureOptions = PlanOptions &
  Partial<SessionFields> & {
    readonly out: string;
    readonly wireLog?: string;
    readonly haltMinutes?: string;
  };

/** `tunnelbench measure`: exit status 0 when the plan was finished and the bench is safe, 1 otherwise. */
export function addMeasureCommand(program: Command): void {
  const command = program
    .command('measure')
    .description('measure a wafer: plan, contact, sweep, store, make safe')
    .argument('<bench.yaml>', 'bench file')
    .requiredOption('--out <wafer.sqlite>', 'wafer file to make')
    .option('--wire-log <file>', 'record every byte on every wire, for a replay')
    .option(...HALT_OPTION);
  addPlanOptions(command);
  for (const { option, meaning } of SESSION_FIELDS) command.option(`${option} <text>`, `${meaning}, or "unknown"`);
  command.action(async (file: string, options: MeasureOptions) => {
    const fields = checkSessionFields(options);
    const benchFile = await readBenchFile(file);
    const frozen = await planFromOptions(benchFile, options);
    console.log(dryRunText(dryRun(frozen, rowsAtOnce(benchFile, options.rowsAtOnce))));
    const selfTest = await lastSelfTest(benchFile);
    console.log(selfTestLine(selfTest));
    const benchText = benchJson(benchFile, selfTest ?? undefined);
    const outcome = await withWireLog(benchFile, options.wireLog, (wires) =>
      withBench(
        benchFile,
        (bench, watch) => runMeasurement({ bench, frozen, file: options.out, fields, benchJson: benchText, ...watch }),
        { wires, haltMinutes: options.haltMinutes },
      ),
    );
    finishRun(options.out, outcome);
  });
}
