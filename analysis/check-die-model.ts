import { CELL_CLASSES, type CellClass, classCode } from '../wafer/cell-class.ts';
import { cellAt, cellCount } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { DieModel } from './die-model.ts';

/** Throws TB_DIE_MODEL_INVALID unless the arrays fit the geometry, every number is one, and the counts add up. */
export function checkDieModel(model: DieModel, thing: string): void {
  const cells = cellCount(model.geometry);
  const arrays = ['classes', 'rP', 'rPUncertainty', 'rAp', 'rApUncertainty', 'rFixed'] as const;
  for (const name of arrays) {
    if (model[name].length !== cells) fail(thing, `${name} has the wrong length`, `${model[name].length}`, `${cells}`);
  }
  const counted = new Array<number>(CELL_CLASSES.length).fill(0);
  for (let cell = 0; cell < cells; cell++) {
    const name: CellClass | undefined = CELL_CLASSES[model.classes[cell]];
    if (name === undefined) fail(thing, `cell ${cell} has no such class`, `${model.classes[cell]}`, '0 to 7');
    counted[model.classes[cell]] += 1;
    checkCell(model, cell, name, thing);
  }
  for (const name of CELL_CLASSES) {
    const found = counted[classCode(name)];
    const said = model.counts[name];
    if (said !== found) fail(thing, `counts.${name} does not match the class array`, `${said}`, `${found}`);
  }
  checkMeans(model, thing);
}

function checkCell(model: DieModel, cell: number, name: CellClass, thing: string): void {
  const bad = (what: string, value: number) => {
    const { row, column } = cellAt(model.geometry, cell);
    fail(thing, `${what} of the ${name} cell at row ${row}, column ${column}`, `${value}`, 'a positive number of ohms');
  };
  const positive = (value: number) => Number.isFinite(value) && value > 0;
  for (const array of ['rPUncertainty', 'rApUncertainty'] as const) {
    if (!(Number.isFinite(model[array][cell]) && model[array][cell] >= 0)) bad(array, model[array][cell]);
  }
  const switching = name === 'healthy' || name === 'weak' || name === 'subpar';
  for (const array of ['rP', 'rAp'] as const) {
    const value = model[array][cell];
    if (switching ? !positive(value) : value !== 0) bad(array, value);
  }
  const fixed = model.rFixed[cell];
  const right =
    name === 'open'
      ? fixed === Number.POSITIVE_INFINITY
      : name === 'shorted' || name === 'stuck'
        ? positive(fixed)
        : fixed === 0;
  if (!right) bad('rFixed', fixed);
}

function checkMeans({ means, counts }: DieModel, thing: string): void {
  if (means.healthy !== counts.healthy) {
    fail(thing, 'means.healthy does not match the counts', `${means.healthy}`, `${counts.healthy}`);
  }
  for (const name of ['rP', 'rPStandardError', 'rAp', 'rApStandardError'] as const) {
    const value = means[name];
    const resistance = name === 'rP' || name === 'rAp';
    const right = Number.isFinite(value) && value >= 0 && (!resistance || means.healthy === 0 || value > 0);
    if (!right) fail(thing, `means.${name} is not a resistance`, `${value}`, 'a positive number of ohms');
  }
}

function fail(thing: string, what: string, value: string, expected: string): never {
  const remedy = 'Export the die model again with "tunnelbench export-models".';
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', { thing, what, value, expected, remedy });
}
