import type { Command } from 'commander';
import { noMoves, reclassifyDie } from '../analysis/reclassify-die.ts';
import { recordedRecipe } from '../analysis/recorded-recipe.ts';
import type { CellRecord } from '../db/records.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { WaferWriter } from '../db/wafer-writer.ts';
import { CELL_CLASSES, type ClassThresholds } from '../wafer/cell-class.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { dieChoice } from './die-choice.ts';

interface AnalyseOptions {
  readonly dies?: string;
  readonly write?: boolean;
  readonly shortedBelow?: string;
  readonly lineShortBelow?: string;
  readonly subparBelow?: string;
  readonly openAbove?: string;
  readonly minTmr?: string;
  readonly guardSigmas?: string;
}

/** `tunnelbench analyse`: the stored sweeps under other thresholds. */
export function addAnalyseCommand(program: Command): void {
  program
    .command('analyse')
    .description('classify the stored sweeps again, with other thresholds if given, and print what changes')
    .argument('<wafer.sqlite>', 'wafer file')
    .option('--shorted-below <ohms>', 'below it a cell that does not switch is shorted')
    .option('--line-short-below <ohms>', 'below it a short is flagged "line short?"')
    .option('--subpar-below <ohms>', 'below it a switching cell is subpar')
    .option('--open-above <ohms>', 'above it a cell is open')
    .option('--min-tmr <ratio>', 'TMR of a healthy cell, at least')
    .option('--guard-sigmas <number>', 'standard uncertainties within which a boundary is near')
    .option('--dies <list>', 'only these dies, ordinals as in "0,3,7-9"')
    .option('--write', 'store the new verdicts and their thresholds in the file')
    .action(async (file: string, options: AnalyseOptions) => {
      const { cells, thresholds } = compare(file, options);
      if (!options.write) return;
      const writer = await WaferWriter.open(file);
      try {
        await writer.reclassify(cells, thresholds);
      } finally {
        await writer.close();
      }
      console.log(`${cells.length} verdicts stored; the first verdict of every cell stays.`);
    });
}

function compare(file: string, options: AnalyseOptions): { cells: CellRecord[]; thresholds: ClassThresholds } {
  const reader = WaferReader.open(file);
  try {
    const session = reader.sessions().at(-1);
    if (session === undefined) throw noSession(file);
    const thresholds = thresholdsOf(recordedRecipe(reader, session).recipe.thresholds, options);
    const { dies } = reader.wafer();
    const chosen = options.dies === undefined ? dies.map(({ ordinal }) => ordinal) : dieChoice(options.dies, dies);
    const cells: CellRecord[] = [];
    const moves = noMoves();
    for (const ordinal of chosen) {
      const die = reclassifyDie(reader, ordinal, thresholds);
      cells.push(...die.cells);
      for (const from of CELL_CLASSES) for (const to of CELL_CLASSES) moves[from][to] += die.moves[from][to];
    }
    console.log(movesText(moves, cells.length));
    return { cells, thresholds };
  } finally {
    reader.close();
  }
}

/** The recipe's thresholds with those given on the command line; checked to be numbers in order. */
export function thresholdsOf(recipe: ClassThresholds, options: AnalyseOptions): ClassThresholds {
  const number = (text: string | undefined, fallback: number, name: string) => {
    const value = text === undefined ? fallback : Number(text);
    if (!(Number.isFinite(value) && value > 0)) throw badThreshold(name, `${text}`, 'a positive number');
    return value;
  };
  const thresholds = {
    shortedBelowOhms: number(options.shortedBelow, recipe.shortedBelowOhms, '--shorted-below'),
    lineShortBelowOhms: number(options.lineShortBelow, recipe.lineShortBelowOhms, '--line-short-below'),
    subparBelowOhms: number(options.subparBelow, recipe.subparBelowOhms, '--subpar-below'),
    openAboveOhms: number(options.openAbove, recipe.openAboveOhms, '--open-above'),
    minTmr: number(options.minTmr, recipe.minTmr, '--min-tmr'),
    guardSigmas: number(options.guardSigmas, recipe.guardSigmas, '--guard-sigmas'),
  };
  const { lineShortBelowOhms, shortedBelowOhms, subparBelowOhms, openAboveOhms } = thresholds;
  const ordered = [lineShortBelowOhms, shortedBelowOhms, subparBelowOhms, openAboveOhms];
  if (ordered.some((value, i) => i > 0 && value < ordered[i - 1])) {
    throw badThreshold('the thresholds', ordered.join(', '), 'line short ≤ shorted ≤ subpar ≤ open');
  }
  return thresholds;
}

/** Where cells move, one line per pair of classes; unchanged classes are summed. */
function movesText(moves: ReturnType<typeof noMoves>, cells: number): string {
  const lines: string[] = [];
  let same = 0;
  for (const from of CELL_CLASSES) {
    for (const to of CELL_CLASSES) {
      if (from === to) same += moves[from][to];
      else if (moves[from][to] > 0) lines.push(`${String(moves[from][to]).padStart(8)}  ${from} → ${to}`);
    }
  }
  return [`${cells} cells classified again; ${same} keep their class.`, ...lines].join('\n');
}

function badThreshold(thing: string, value: string, expected: string): TunnelbenchError {
  const what = 'not a usable threshold';
  return new TunnelbenchError('TB_USAGE', { thing, what, value, expected, remedy: 'Correct the option.' });
}

function noSession(file: string): TunnelbenchError {
  return new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
    thing: file,
    what: 'the file holds no session',
    remedy: 'Measure a wafer first: "tunnelbench measure --help".',
  });
}
