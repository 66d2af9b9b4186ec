import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ModelStore } from '../db/model-store.ts';
import { solutionsNpz } from '../training/campaign/solutions-npz.ts';
import { chosenSolutions, type SolutionChoice } from './stored-solutions.ts';

interface Options extends SolutionChoice {
  readonly store: string;
  readonly out: string;
}

/** `tunnelbench export-solutions`: weights as NPZ for NumPy, everything else as JSON beside it. */
export function addExportSolutionsCommand(program: Command): void {
  program
    .command('export-solutions')
    .description('write stored solutions as NPZ (weights) and JSON (parameters, provenance)')
    .requiredOption('--store <file>', 'model store with the solutions')
    .requiredOption('--out <file.npz>', 'file to write; the JSON gets the same name')
    .option('--kind <kind>', 'only solutions of this kind')
    .option('--campaign <id>', 'only solutions of this campaign')
    .option('--solution <id...>', 'only these solutions')
    .option('--first <n>', 'only the first n of them', Number)
    .action((options: Options) => {
      const store = ModelStore.openForReading(options.store);
      try {
        const solutions = chosenSolutions(store, options);
        const facts = solutions.map(({ signs1: _first, signs2: _second, ...rest }) => rest);
        writeFileSync(options.out, solutionsNpz(solutions));
        writeFileSync(`${options.out.replace(/\.npz$/, '')}.json`, `${JSON.stringify(facts, null, 1)}\n`);
        console.log(`${options.out}: ${solutions.length} solutions`);
      } finally {
        store.close();
      }
    });
}
