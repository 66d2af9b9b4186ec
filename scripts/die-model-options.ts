import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { DieModel } from '../analysis/die-model.ts';
import { readDieModel } from '../analysis/die-model-file.ts';
import { fleetDieModels } from '../training/fleet/fleet-die-models.ts';
import { readFleet } from '../training/fleet/fleet-file.ts';
import { DEFAULT_READ_OUT, type ReadOut } from '../training/mapping/read-out.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { softwareVersion } from './software-version.ts';

export interface DieModelOptions {
  readonly models?: string;
  readonly fleet?: string;
  readonly die?: readonly string[];
  readonly seriesOhms: number;
  readonly unknownCells: ReadOut['unknownCells'];
}

/** Adds the options that say which dies to use and how their cells are read. */
export function addDieModelOptions(command: Command): Command {
  return command
    .option('--models <folder>', 'die models written by "tunnelbench export-models"')
    .option('--fleet <file>', 'dies of a generated fleet, e.g. fleets/A-development-1.json')
    .option('--die <x,y...>', 'only these dies')
    .option('--series-ohms <ohms>', 'series resistance at inference', Number, DEFAULT_READ_OUT.seriesOhms)
    .option('--unknown-cells <refuse|mean|open>', 'what undetermined and unmeasured cells count as', 'refuse');
}

/** The dies asked for. TB_USAGE without a source or for a die that is not there; TB_FILE_NOT_FOUND. */
export async function readDieModels(options: DieModelOptions): Promise<DieModel[]> {
  const { models: folder, fleet: file } = options;
  if ((folder === undefined) === (file === undefined)) {
    throw new TunnelbenchError('TB_USAGE', {
      thing: 'die models',
      what: folder === undefined ? 'no source is given' : 'two sources are given',
      expected: 'either --models <folder> or --fleet <file>',
      remedy: 'Give one of the two.',
    });
  }
  const models =
    file === undefined ? await readFolder(folder as string) : fleetDieModels(readFleet(file), softwareVersion());
  return chosenDies(models, options.die, file ?? (folder as string));
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

function chosenDies(models: DieModel[], wanted: readonly string[] | undefined, source: string): DieModel[] {
  if (wanted === undefined) return models;
  return wanted.map((place) => {
    const found = models.find(({ die }) => `${die.x},${die.y}` === place.replaceAll(' ', ''));
    if (found !== undefined) return found;
    throw new TunnelbenchError('TB_USAGE', {
      thing: `die ${place}`,
      what: `${source} has no such die`,
      expected: `one of ${models.map(({ die }) => dieLabel(die)).join(' ')}`,
      remedy: 'Give a die as x,y, e.g. --die 2,3.',
    });
  });
}
