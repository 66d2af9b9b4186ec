import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ModelStore } from '../db/model-store.ts';
import { readMapping } from '../training/mapping/mapping-file.ts';
import { paperMapping } from '../training/mapping/paper-mapping.ts';
import { programmingMap } from '../training/mapping/programming-map.ts';
import { dieLabel } from '../wafer/die.ts';
import { addDieModelOptions, type DieModelOptions, readDieModels } from './die-model-options.ts';
import { chosenSolutions } from './stored-solutions.ts';

interface Options extends DieModelOptions {
  readonly store: string;
  readonly solution: string;
  readonly mapping?: string;
  readonly out: string;
}

/** `tunnelbench program-map`: the state to write to every cell of a die, and the cells that will not get there. */
export function addProgramMapCommand(program: Command): void {
  const command = program
    .command('program-map')
    .description('write the P/AP target of every cell of one die for a stored solution')
    .requiredOption('--store <file>', 'model store with the solution')
    .requiredOption('--solution <id>', 'the solution')
    .requiredOption('--out <file>', 'JSON file to write')
    .option('--mapping <file>', 'a mapping written by "tunnelbench place"; default: the standard layout');
  addDieModelOptions(command).action(async (options: Options) => {
    const [model] = await readDieModels(options);
    const store = ModelStore.openForReading(options.store);
    try {
      const [solution] = chosenSolutions(store, { solution: [options.solution] });
      const mapping =
        options.mapping === undefined ? paperMapping(solution.shape, model.geometry) : readMapping(options.mapping);
      const map = programmingMap(solution, mapping, model);
      writeFileSync(options.out, `${JSON.stringify({ solutionId: solution.id, ...map }, null, 1)}\n`);
      const fixed = map.doubtful.filter(({ switches }) => !switches).length;
      console.log(
        `${options.out}: die ${dieLabel(model.die)}, ${fixed} cells cannot be switched, ${map.doubtful.length - fixed} switch poorly`,
      );
    } finally {
      store.close();
    }
  });
}
