import type { Command } from 'commander';
import { checkSameBench } from '../acquisition/resume.ts';
import { chooseRetests, type RetestPolicy } from '../acquisition/retest.ts';
import type { SessionOutcome } from '../acquisition/session.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { CELL_CLASSES, type CellClass } from '../wafer/cell-class.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { benchJson, benchSettings } from './bench-settings.ts';
import { dieChoice } from './die-choice.ts';
import { retestMeasurement } from './run-measurement.ts';
import { withBench } from './with-bench.ts';

interface RetestOptions {
  readonly bench: string;
  readonly classes: string;
  readonly dies?: string;
}

/** `tunnelbench retest`: measures chosen cells of finished dies again; exit status 1 when a die could not be finished. */
export function addRetestCommand(program: Command): void {
  program
    .command('retest')
    .description('measure cells of some classes again; the latest verdict counts, the first one is kept beside it')
    .argument('<wafer.sqlite>', 'wafer file whose last plan is finished')
    .requiredOption('--bench <bench.yaml>', 'bench file')
    .option('--classes <list>', 'classes to measure again, or "all" to repeat whole dies', 'undetermined')
    .option('--dies <list>', 'ordinals of the dies, e.g. 0,3,7-9; without it all')
    .action(async (file: string, options: RetestOptions) => {
      const benchFile = await readBenchFile(options.bench);
      const { dies } = benchFile.wafer;
      const policy: RetestPolicy = {
        classes: classesOf(options.classes),
        ...(options.dies !== undefined && { dies: dieChoice(options.dies, dies) }),
      };
      const { retests, fields } = chosen(file, policy, benchSettings(benchFile));
      if (retests.length === 0) console.log('no cell of these classes: nothing to measure again');
      else {
        const outcome = await withBench(benchFile, async (bench, watch) => {
          let last: SessionOutcome | null = null;
          for (const retest of retests) {
            last = await retestMeasurement({ bench, file, retest, fields, benchJson: benchJson(benchFile), ...watch });
            if (last.end !== 'finished') break;
          }
          return last as SessionOutcome;
        });
        if (outcome.end !== 'finished') process.exitCode = 1;
        printYields(file);
        if (outcome.error !== null) throw outcome.error;
      }
    });
}

function chosen(file: string, policy: RetestPolicy, settings: ReturnType<typeof benchSettings>) {
  const reader = WaferReader.open(file);
  try {
    const choice = chooseRetests(reader, policy);
    for (const { frozen } of choice.retests) checkSameBench(frozen, settings);
    return choice;
  } finally {
    reader.close();
  }
}

/** First-pass and final yield of every measured die; the denominator is the cells measured. */
function printYields(file: string): void {
  const reader = WaferReader.open(file);
  try {
    for (const { dieOrdinal, measured, healthy, healthyFirstPass } of reader.yields()) {
      if (measured === 0) continue;
      const share = (count: number) => `${((100 * count) / measured).toFixed(2)} %`;
      const text = `first pass ${share(healthyFirstPass)}, final ${share(healthy)} of ${measured} cells measured`;
      console.log(`die ${dieOrdinal}: healthy ${text}`);
    }
  } finally {
    reader.close();
  }
}

function classesOf(text: string): readonly CellClass[] {
  if (text === 'all') return CELL_CLASSES;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !CELL_CLASSES.some((known) => known === name));
  if (unknown === undefined) return names as CellClass[];
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--classes',
    what: 'no such class',
    value: unknown,
    expected: `${CELL_CLASSES.join(', ')}, or all`,
    remedy: 'Correct the option.',
  });
}
