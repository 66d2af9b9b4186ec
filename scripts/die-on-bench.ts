import type { KnownCell } from '../acquisition/die-fingerprint.ts';
import { type FrozenPlan, makePlan } from '../acquisition/plan.ts';
import type { CellTarget } from '../acquisition/programming/write-cells.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../acquisition/recipe-file.ts';
import type { DieModel } from '../analysis/die-model.ts';
import type { BenchFile } from '../drivers/bench-file.ts';
import { CELL_CLASSES } from '../wafer/cell-class.ts';
import { dieLabel } from '../wafer/die.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { benchSettings } from './bench-settings.ts';
import { readDieModels } from './die-model-options.ts';

export interface DieSourceOptions {
  readonly models?: string;
  readonly measured?: string;
  readonly die?: string;
}

/** The one measured die that work on a bench is for. TB_USAGE when the source has several and none is named. */
export async function measuredDie({ models, measured, die }: DieSourceOptions): Promise<DieModel> {
  const found = await readDieModels({
    seriesOhms: 0,
    unknownCells: 'refuse',
    ...(models !== undefined && { models }),
    ...(measured !== undefined && { measured: [measured] }),
    ...(die !== undefined && { die: [die] }),
  });
  if (found.length === 1) return found[0];
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--die',
    what: `there are ${found.length} measured dies to choose from`,
    expected: `one of ${found.map((model) => dieLabel(model.die)).join(' ')}`,
    remedy: 'Name one as x,y, e.g. --die 2,3.',
  });
}

/** A plan for that die on that bench: its recipe and limits, checked as for a measurement. TB_WAFER_MISMATCH, TB_PLAN_INVALID. */
export async function planForDie(
  bench: BenchFile,
  model: DieModel,
  recipeFile: string | undefined,
): Promise<FrozenPlan> {
  const recipe = await readRecipeFile(recipeFile ?? DEFAULT_RECIPE_FILE);
  const site = bench.wafer.dies.find(({ x, y }) => x === model.die.x && y === model.die.y);
  const same = (key: keyof CrossbarGeometry) => bench.geometry[key] === model.geometry[key];
  if (site === undefined || !same('rows') || !same('columns') || !same('columnsPerEnableLine')) {
    throw new TunnelbenchError('TB_WAFER_MISMATCH', {
      thing: bench.file,
      what: site === undefined ? 'its wafer has no such die' : 'its dies have another geometry than the one measured',
      value: site === undefined ? dieLabel(model.die) : geometryText(bench.geometry),
      expected: site === undefined ? bench.wafer.dies.map(dieLabel).join(' ') : geometryText(model.geometry),
      remedy: 'Give the bench file of the wafer that the die was measured on.',
    });
  }
  return makePlan({ recipe, bench: benchSettings(bench), dies: [site.ordinal] });
}

const KNOWN_CELLS = 20;

/** Healthy cells spread over the die, by which it is recognised before anything is pulsed. */
export function knownCellsOf({ classes, rP, rAp }: DieModel): KnownCell[] {
  const healthy = [...classes.keys()].filter((cell) => CELL_CLASSES[classes[cell]] === 'healthy');
  const count = Math.min(KNOWN_CELLS, healthy.length);
  return Array.from({ length: count }, (_, i) => {
    const cell = healthy[Math.floor(((i + 0.5) * healthy.length) / count)];
    return { cell, rP: rP[cell], rAp: rAp[cell] };
  });
}

/** Targets of the cells that a map names, with what the die model knows of each. */
export function cellTargets(targets: readonly string[], { classes, rP, rAp, rFixed, means }: DieModel): CellTarget[] {
  return [...targets.join('')].flatMap((letter, cell): CellTarget[] => {
    if (letter === '-') return [];
    const name = CELL_CLASSES[classes[cell]];
    const own = rP[cell] > 0 && rAp[cell] > 0 ? { P: 1 / rP[cell], AP: 1 / rAp[cell] } : null;
    return [
      {
        cell,
        state: letter === 'P' ? 'P' : 'AP',
        // A cell that does not switch is told by the die's means: a stuck one may stand where it shall.
        siemens: own ?? (rFixed[cell] > 0 && means.healthy > 0 ? { P: 1 / means.rP, AP: 1 / means.rAp } : null),
        unwritable: UNWRITABLE[name] ?? (own === null ? 'undetermined' : null),
      },
    ];
  });
}

const UNWRITABLE: Readonly<Record<string, CellTarget['unwritable']>> = {
  shorted: 'short',
  stuck: 'stuck',
  open: 'open',
  undetermined: 'undetermined',
  unmeasured: 'undetermined',
};

function geometryText({ rows, columns, columnsPerEnableLine }: CrossbarGeometry): string {
  return `${rows} × ${columns}, ${columnsPerEnableLine} a line`;
}
