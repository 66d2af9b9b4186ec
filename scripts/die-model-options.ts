import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildDieModel } from '../analysis/build-die-model.ts';
import type { DieModel } from '../analysis/die-model.ts';
import { readDieModel } from '../analysis/die-model-file.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { fleetDieModels } from '../training/fleet/fleet-die-models.ts';
import { readFleet } from '../training/fleet/fleet-file.ts';
import { DEFAULT_READ_OUT, type ReadOut } from '../training/mapping/read-out.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { measuredDies } from './export-models.ts';
import { softwareVersion } from './software-version.ts';

export interface DieModelOptions {
  readonly models?: string;
  readonly fleet?: string;
  readonly measured?: readonly string[];
  readonly die?: readonly string[];
  readonly seriesOhms: number;
  readonly unknownCells: ReadOut['unknownCells'];
}

/** Adds the options that say which dies to use and how their cells are read. */
export function addDieModelOptions(command: Command): Command {
  return command
    .option('--models <folder>', 'die models written by "tunnelbench export-models"')
    .option('--measured <wafer.sqlite...>', 'measured dies of one or more wafer files')
    .option('--fleet <file>', 'dies of a generated fleet, e.g. fleets/A-development-1.json')
    .option('--die <x,y...>', 'only these dies')
    .option('--series-ohms <ohms>', 'series resistance at inference', Number, DEFAULT_READ_OUT.seriesOhms)
    .option('--unknown-cells <refuse|mean|open>', 'what undetermined and unmeasured cells count as', 'refuse');
}

/** The dies asked for. TB_USAGE without a source or for a die that is not there; TB_FILE_NOT_FOUND. */
export async function readDieModels(options: DieModelOptions): Promise<DieModel[]> {
  const { models: folder, fleet, measured } = options;
  const sources = [folder, fleet, measured].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw new TunnelbenchError('TB_USAGE', {
      thing: 'die models',
      what: sources.length === 0 ? 'no source is given' : 'more than one source is given',
      expected: 'one of --models <folder>, --measured <wafer.sqlite...> and --fleet <file>',
      remedy: 'Give one of them.',
    });
  }
  if (folder !== undefined) return chosenDies(await readFolder(folder), options.die, folder);
  if (fleet !== undefined) return chosenDies(fleetDieModels(readFleet(fleet), softwareVersion()), options.die, fleet);
  const files = measured ?? [];
  return chosenDies(files.flatMap(modelsOfWafer), options.die, files.join(', '));
}

function modelsOfWafer(file: string): DieModel[] {
  const reader = WaferReader.open(file);
  try {
    return measuredDies(reader).map((ordinal) => buildDieModel(reader, ordinal));
  } finally {
    reader.close();
  }
}

export function readOutOf({ seriesOhms, unknownCells }: DieModelOptions): ReadOut {
  if (['refuse', 'mean', 'open'].includes(unknownCells)) return { seriesOhms, unknownCells, defects: 'asMeasured' };
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--unknown-cells',
    what: 'there is no such choice',
    value: unknownCells,
    expected: 'refuse, mean or open',
    remedy: 'Choose one of them.',
  });
}

async function readFolder(folder: string): Promise<DieModel[]> {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (cause) {
    const facts = { thing: folder, what: 'the folder cannot be read', remedy: 'Check the path given to --models.' };
    throw new TunnelbenchError('TB_FILE_NOT_FOUND', facts, { cause });
  }
  if (names.length === 0) {
    throw new TunnelbenchError('TB_FILE_NOT_FOUND', {
      thing: folder,
      what: 'the folder has no die models',
      remedy: 'Export them with "tunnelbench export-models <wafer.sqlite> --out <folder>".',
    });
  }
  const models = await Promise.all(names.map((name) => readDieModel(join(folder, name))));
  return models.sort((a, b) => a.die.ordinal - b.die.ordinal);
}

/** The dies at the places wanted, of every wafer that has one there. */
function chosenDies(models: DieModel[], wanted: readonly string[] | undefined, source: string): DieModel[] {
  if (wanted === undefined) return models;
  return wanted.flatMap((place) => {
    const found = models.filter(({ die }) => `${die.x},${die.y}` === place.replaceAll(' ', ''));
    if (found.length > 0) return found;
    throw new TunnelbenchError('TB_USAGE', {
      thing: `die ${place}`,
      what: `${source} has no such die`,
      expected: `one of ${models.map(({ die }) => dieLabel(die)).join(' ')}`,
      remedy: 'Give a die as x,y, e.g. --die 2,3.',
    });
  });
}
