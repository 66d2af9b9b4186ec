import type { Command } from 'commander';
import { writeReport } from '../analysis/report/write-report.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { dieChoice } from './die-choice.ts';
import { softwareVersion } from './software-version.ts';

/** `tunnelbench report`: pages to hand to a customer. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('Write a self-contained HTML page per measured die and a wafer summary.')
    .argument('<wafer.sqlite>', 'wafer file')
    .requiredOption('--out <dir>', 'folder for the pages')
    .option('--dies <list>', 'only these dies, ordinals as in "0,3,7-9"')
    .action(async (file: string, { out, dies }: { out: string; dies?: string }) => {
      const reader = WaferReader.open(file);
      try {
        const chosen = dies === undefined ? {} : { dies: dieChoice(dies, reader.wafer().dies) };
        const written = await writeReport(reader, out, { softwareVersion: softwareVersion(), ...chosen });
        console.log(
          `${written.dies.length} ${written.dies.length === 1 ? 'die page' : 'die pages'} and ${written.wafer}`,
        );
      } finally {
        reader.close();
      }
    });
}
