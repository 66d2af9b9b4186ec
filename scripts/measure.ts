import type { Command } from 'commander';
import { type DieSummary, dieSummaryText } from '../acquisition/die-summary.ts';
import { dryRun } from '../acquisition/dry-run.ts';
import type { SessionOutcome } from '../acquisition/session.ts';
import { checkSessionFields, SESSION_FIELDS } from '../acquisition/session-fields.ts';
import { StopRequest } from '../acquisition/stop-request.ts';
import { stopOnSignals } from '../acquisition/stop-signals.ts';
import type { SessionFields } from '../db/records.ts';
import { type BenchFile, readBenchFile } from '../drivers/bench-file.ts';
import type { Bench } from '../drivers/capabilities.ts';
import { type OpenBenchOptions, openBench } from '../drivers/open-bench.ts';
import { benchJson } from './bench-settings.ts';
import { finishRun } from './finish-run.ts';
import { dryRunText } from './plan.ts';
import { addPlanOptions, type PlanOptions, planFromOptions } from './plan-options.ts';
import { ProgressLine } from './progress-line.ts';
import { runMeasurement } from './run-measurement.ts';
import { lastSelfTest, selfTestLine } from './self-test-file.ts';
import { withWireLog } from './with-wire-log.ts';

type MeasureOptions = PlanOptions & Partial<SessionFields> & { readonly out: string; readonly wireLog?: string };

/** `tunnelbench measure`: exit status 0 when the plan was finished and the bench is safe, 1 otherwise. */
export function addMeasureCommand(program: Command): void {
  const command = program
    .command('measure')
    .description('measure a wafer: plan, contact, sweep, store, make safe')
    .argument('<bench.yaml>', 'bench file')
    .requiredOption('--out <wafer.sqlite>', 'wafer file to make')
    .option('--wire-log <file>', 'record every byte on every wire, for a replay');
  addPlanOptions(command);
  for (const { option, meaning } of SESSION_FIELDS) command.option(`${option} <text>`, `${meaning}, or "unknown"`);
  command.action(async (file: string, options: MeasureOptions) => {
    const fields = checkSessionFields(options);
    const benchFile = await readBenchFile(file);
    const frozen = await planFromOptions(benchFile, options);
    console.log(dryRunText(dryRun(frozen)));
    const selfTest = await lastSelfTest(benchFile);
    console.log(selfTestLine(selfTest));
    const benchText = benchJson(benchFile, selfTest ?? undefined);
    const outcome = await withWireLog(benchFile, options.wireLog, (wires) =>
      withBench(
        benchFile,
        (bench, watch) => runMeasurement({ bench, frozen, file: options.out, fields, benchJson: benchText, ...watch }),
        wires,
      ),
    );
    finishRun(options.out, outcome);
  });
}

export interface Watch {
  readonly stop: StopRequest;
  readonly onProgress: ProgressLine['update'];
  readonly onDieFinished: (summary: DieSummary) => void;
}

/** Opens the bench, shows progress, stops on signals, and closes the bench whatever happens. */
export async function withBench(
  benchFile: BenchFile,
  run: (bench: Bench, watch: Watch) => Promise<SessionOutcome>,
  wires: OpenBenchOptions = {},
): Promise<SessionOutcome> {
  const stop = new StopRequest();
  const progress = new ProgressLine(process.stderr);
  const tell = (text: string) => {
    progress.close();
    console.error(text);
  };
  const release = stopOnSignals(stop, tell);
  try {
    const bench = await openBench(benchFile, stop.signal, wires);
    try {
      return await run(bench, {
        stop,
        onProgress: (state) => progress.update(state),
        onDieFinished: (summary) => tell(dieSummaryText(summary)),
      });
    } finally {
      await bench.close();
    }
  } finally {
    progress.close();
    release();
  }
}
