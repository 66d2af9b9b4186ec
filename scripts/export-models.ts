import type { Command } from 'commander';
import { buildDieModel } from '../analysis/build-die-model.ts';
import { writeDieModel } from '../analysis/die-model-file.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { dieChoice } from './die-choice.ts';

/** `tunnelbench export-models`: one JSON and one NPZ file per measured die, for training here or in Python. */
export function addExportModelsCommand(program: Command): void {
  program
    .command('export-models')
    .description('Write the die models of a wafer file (JSON and NPZ) for training.')
    .argument('<wafer.sqlite>', 'wafer file')
    .requiredOption('--out <dir>', 'folder for the models')
    .option('--dies <list>', 'only these dies, ordinals as in "0,3,7-9"')
    .action(async (file: string, { out, dies }: { out: string; dies?: string }) => {
      const reader = WaferReader.open(file);
      try {
        const sites = reader.wafer().dies;
        const measured = reader.yields().flatMap((die) => (die.measured > 0 ? [die.dieOrdinal] : []));
        const chosen = dies === undefined ? measured : dieChoice(dies, sites);
        if (chosen.length === 0) throw nothingMeasured(file);
        for (const ordinal of chosen) {
          const model = buildDieModel(reader, ordinal);
          const { json } = await writeDieModel(out, model);
          const unusable = model.counts.undetermined + model.counts.unmeasured;
          const remark = unusable === 0 ? '' : `, ${unusable} cells undetermined or unmeasured`;
          console.log(`${json}: die ${dieLabel(model.die)}, ${model.counts.healthy} healthy cells${remark}`);
        }
      } finally {
        reader.close();
      }
    });
}

function nothingMeasured(file: string): TunnelbenchError {
  return new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
    thing: file,
    what: 'no die of the wafer has a measured cell',
    remedy: 'Measure the wafer first: "tunnelbench measure --help".',
  });
}
