import type { Command } from 'commander';
import { morningSummary } from '../analysis/morning-summary.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { morningFacts } from './morning-facts.ts';

export function addSummaryCommand(program: Command): void {
  program
    .command('summary')
    .description(
      'print the one page that says how the last run of a wafer ended; exit status 1 if something needs attention',
    )
    .argument('<wafer.sqlite>', 'wafer file')
    .action((file: string) => {
      const reader = WaferReader.open(file);
      try {
        const { text, attention } = morningSummary(morningFacts(reader, { violations: null, verified: null }));
        process.stdout.write(text);
        if (attention.length > 0) process.exitCode = 1;
      } finally {
        reader.close();
      }
    });
}
