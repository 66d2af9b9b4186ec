import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { DieModel } from '../analysis/die-model.ts';
import { ModelStore } from '../db/model-store.ts';
import { loadDataset } from '../training/dataset/load-dataset.ts';
import { mean } from '../training/figures/order-statistics.ts';
import { mappingToJson } from '../training/mapping/mapping-file.ts';
import { programmingMap } from '../training/mapping/programming-map.ts';
import { type BeforeAfter, type PlacedSolution, Placer } from '../training/placement/placer.ts';
import type { Solution } from '../training/solution.ts';
import { dieLabel } from '../wafer/die.ts';
import { addDieModelOptions, type DieModelOptions, readDieModels, readOutOf } from './die-model-options.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { chosenSolutions, type SolutionChoice } from './stored-solutions.ts';

interface Options extends DieModelOptions, SolutionChoice {
  readonly store: string;
  readonly out?: string;
  readonly trials: number;
  readonly seed: number;
  readonly workers?: number;
}

/** `tunnelbench place`: where a solution's weights should sit on each die so that its defects matter least. */
export function addPlaceCommand(program: Command): void {
  const command = program
    .command('place')
    .description('find a mapping of stored solutions for each die; no retraining')
    .requiredOption('--store <file>', 'model store with the solutions')
    .option('--kind <kind>', 'only solutions of this kind')
    .option('--campaign <id>', 'only solutions of this campaign')
    .option('--solution <id...>', 'only these solutions')
    .option('--first <n>', 'only the first n of them', Number, 1)
    .option('--trials <n>', 'trials on validation images after the assignment', Number, 0)
    .option('--seed <n>', 'seed of the trials', Number, 1)
    .option('--out <folder>', 'write mappings and programming maps here')
    .option('--workers <n>', 'threads; default: one per processor', Number);
  addDieModelOptions(command).action(place);
}

async function place(options: Options): Promise<void> {
  const models = await readDieModels(options);
  const readOut = readOutOf(options);
  const store = ModelStore.open(options.store);
  using interrupt = interruptSignal();
  try {
    const solutions = chosenSolutions(store, options);
    await using placer = new Placer(loadDataset(), options.workers);
    console.log(
      'solution                              die      bad cells   validation % before → after     test % before → after',
    );
    const tests: BeforeAfter[] = [];
    for (const solution of solutions) {
      interrupt.signal.throwIfAborted();
      const { trials, seed } = options;
      const parts = dealt(models, placer.workers);
      const placed = await Promise.all(
        parts.map((part) => placer.place({ solution, models: part, readOut, trials, seed })),
      );
      placed.flat().forEach((each, i) => {
        print(solution, models[i], each);
        tests.push(each.test);
        if (options.out !== undefined) write(options.out, solution, models[i], each);
      });
    }
    const percent = (pick: 'before' | 'after') =>
      mean(tests.map((test) => (100 * test[pick]) / test.images)).toFixed(2);
    console.log(`mean test error ${percent('before')} % before, ${percent('after')} % after placement`);
  } finally {
    store.close();
  }
}

/** One part a thread: the importance of a solution's weights is computed once a part. */
function dealt(models: readonly DieModel[], parts: number): DieModel[][] {
  const size = Math.ceil(models.length / parts);
  return Array.from({ length: parts }, (_, i) => models.slice(i * size, (i + 1) * size)).filter(
    ({ length }) => length > 0,
  );
}

function print(solution: Solution, model: DieModel, { validation, test }: PlacedSolution): void {
  const share = ({ before, after, images }: BeforeAfter) =>
    [before, after].map((errors) => ((100 * errors) / images).toFixed(2).padStart(6)).join(' → ');
  const bad = String(model.classes.length - model.counts.healthy).padStart(9);
  console.log(
    `${solution.id}  ${dieLabel(model.die).padEnd(8)} ${bad}   ${share(validation).padStart(26)}   ${share(test).padStart(22)}`,
  );
}

function write(folder: string, solution: Solution, model: DieModel, placed: PlacedSolution): void {
  mkdirSync(folder, { recursive: true });
  const name = `${solution.id}-die-${model.die.x}-${model.die.y}`;
  const about = { solutionId: solution.id, dieModelId: model.id, validation: placed.validation, test: placed.test };
  writeFileSync(join(folder, `${name}.mapping.json`), mappingToJson(placed.mapping, about));
  const map = { solutionId: solution.id, ...programmingMap(solution, placed.mapping, model) };
  writeFileSync(join(folder, `${name}.programming.json`), `${JSON.stringify(map, null, 1)}\n`);
}
