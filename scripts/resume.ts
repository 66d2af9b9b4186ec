import type { Command } from 'commander';
import { checkSameBench, resumePoint } from '../acquisition/resume.ts';
import { SESSION_FIELDS } from '../acquisition/session-fields.ts';
import type { SessionFields } from '../db/records.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { benchJson, benchSettings } from './bench-settings.ts';
import { finishRun } from './finish-run.ts';
import { resumeMeasurement } from './run-measurement.ts';
import { HALT_OPTION, withBench } from './with-bench.ts';

type ResumeOptions = Partial<SessionFields> & {
  readonly bench: string;
  readonly skipped?: boolean;
  readonly haltMinutes?: string;
};

/** `tunnelbench resume`: continues the last plan of a wafer file after an end of any kind. */
export function addResumeCommand(program: Command): void {
  const command = program
    .command('resume')
    .description(
      'continue an interrupted measurement: the bench is asked, made safe, identified, checked, then measured on',
    )
    .argument('<wafer.sqlite>', 'wafer file')
    .requiredOption('--bench <bench.yaml>', 'bench file')
    .option('--skipped', 'also measure the dies that were skipped at the terminal')
    .option(...HALT_OPTION);
  for (const { option, meaning } of SESSION_FIELDS) {
    command.option(`${option} <text>`, `${meaning}, where it changed since the last session`);
  }
  command.action(async (file: string, options: ResumeOptions) => {
    const benchFile = await readBenchFile(options.bench);
    const takeSkipped = options.skipped ?? false;
    checkResumable(file, benchSettings(benchFile), takeSkipped);
    const request = { file, fields: givenFields(options), benchJson: benchJson(benchFile), takeSkipped };
    const outcome = await withBench(benchFile, (bench, watch) => resumeMeasurement({ bench, ...request, ...watch }), {
      haltMinutes: options.haltMinutes,
    });
    finishRun(file, outcome);
  });
}

/** Everything that can be refused without the bench is refused before it is opened. */
function checkResumable(file: string, settings: ReturnType<typeof benchSettings>, takeSkipped: boolean): void {
  const reader = WaferReader.open(file);
  try {
    checkSameBench(resumePoint(reader, { takeSkipped }).frozen, settings);
  } finally {
    reader.close();
  }
}

function givenFields(options: ResumeOptions): Partial<SessionFields> {
  const given = SESSION_FIELDS.flatMap(({ name }) => (options[name] === undefined ? [] : [[name, options[name]]]));
  return Object.fromEntries(given);
}
