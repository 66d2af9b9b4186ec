import type { Command } from 'commander';
import { buildDieModel } from '../analysis/build-die-model.ts';
import { writeDieModel } from '../analysis/die-model-file.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { beside } from './beside.ts';
import { dieChoice } from './die-choice.ts';

/** `tunnelbench export-models`: one JSON and one NPZ file per measured die, for training here or in Python. */
export function addExportModelsCommand(program: Command): void {
  program
    .command('export-models')
    .description('write the die models of a wafer file (JSON and NPZ) for training')
    .argument('<wafer.sqlite>', 'wafer file')
    .option('--out <dir>', 'folder for the models; default: <wafer>-models beside the file')
    .option('--dies <list>', 'only these dies, ordinals as in "0,3,7-9"')
    .action(async (file: string, { out, dies }: { out?: string; dies?: string }) => {
      const reader = WaferReader.open(file);
      try {
        const chosen = dies === undefined ? measuredDies(reader) : dieChoice(dies, reader.wafer().dies);
        await exportModels(reader, out ?? beside(file, '-models'), chosen);
      } finally {
        reader.close();
      }
    });
}

/** Writes the models of the dies given, printing a line for each. TB_ANALYSIS_NO_DATA when there is none. */
export async function exportModels(reader: WaferReader, folder: string, ordinals: readonly number[]): Promise<void> {
  if (ordinals.length === 0) throw nothingMeasured(reader.file);
  for (const ordinal of ordinals) {
    const model = buildDieModel(reader, ordinal);
    const { json } = await writeDieModel(folder, model);
    const unusable = model.counts.undetermined + model.counts.unmeasured;
    const remark = unusable === 0 ? '' : `, ${unusable} cells undetermined or unmeasured`;
    console.log(`${json}: die ${dieLabel(model.die)}, ${model.counts.healthy} healthy cells${remark}`);
  }
}

/** Ordinals of the dies with at least one measured cell. */
export function measuredDies(reader: WaferReader): number[] {
  return reader.yields().flatMap((die) => (die.measured > 0 ? [die.dieOrdinal] : []));
}

function nothingMeasured(file: string): TunnelbenchError {
  return new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
    thing: file,
    what: 'no die of the wafer has a measured cell',
    remedy: 'Measure the wafer first: "tunnelbench measure --help".',
  });
}
