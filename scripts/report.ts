import type { Command } from 'commander';
import { writeReport } from '../analysis/report/write-report.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { beside } from './beside.ts';
import { softwareVersion } from './software-version.ts';

/** `tunnelbench report`: pages to hand to a customer. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('write a self-contained HTML page per measured die and a wafer summary')
    .argument('<wafer.sqlite>', 'wafer file')
    .option('--out <dir>', 'folder for the pages; default: <wafer>-report beside the file')
    .action(async (file: string, { out }: { out?: string }) => {
      const reader = WaferReader.open(file);
      try {
        const written = await writeReport(reader, out ?? beside(file, '-report'), {
          softwareVersion: softwareVersion(),
        });
        console.log(
          `${written.dies.length} ${written.dies.length === 1 ? 'die page' : 'die pages'} and ${written.wafer}`,
        );
      } finally {
        reader.close();
      }
    });
}
