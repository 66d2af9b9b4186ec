import type { DieModel } from '../../analysis/die-model.ts';
import { CELL_CLASSES, type CellClass } from '../../wafer/cell-class.ts';
import { dieLabel } from '../../wafer/die.ts';
import { type CrossbarGeometry, cellCount } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { checkReadOut, type ReadOut } from './read-out.ts';

/** A die as the read-out sees it; siemens, index = row × columns + column. */
export interface DieConductances {
  readonly dieModelId: string;
  readonly geometry: CrossbarGeometry;
  /** Conductance when programmed to P, and to AP; the same number for a cell that cannot be programmed. */
  readonly p: Float64Array;
  readonly ap: Float64Array;
  /** 1 for every cell that is not healthy. */
  readonly defective: Uint8Array;
  /** ⟨G_P⟩ and ⟨G_AP⟩ of the healthy cells, through the same series resistance. */
  readonly meanP: number;
  readonly meanAp: number;
  /** Cells of unknown class that were filled in, to be printed with every result. */
  readonly filledCells: number;
}

/**
 * G = 1 / (R_measured + R_T) for every cell. Healthy, weak and subpar cells have a conductance a state; shorted and
 * stuck ones a single conductance; open ones none.
 *
 * @throws TB_DIE_MODEL_INVALID for a wrong length, a resistance that is not a positive number, a die without healthy
 * cells, or cells of unknown class where the read-out does not say what they count as.
 */
export function dieConductances(model: DieModel, readOut: ReadOut): DieConductances {
  checkReadOut(readOut);
  checkLengths(model);
  const cells = cellCount(model.geometry);
  const unknown = model.counts.undetermined + model.counts.unmeasured;
  if (unknown > 0 && readOut.unknownCells === 'refuse') refuseUnknown(model, unknown);
  const p = new Float64Array(cells);
  const ap = new Float64Array(cells);
  const defective = new Uint8Array(cells);
  const { meanP, meanAp } = healthyMeans(model, readOut.seriesOhms);
  for (let cell = 0; cell < cells; cell++) {
    const name = CELL_CLASSES[model.classes[cell]];
    if (name !== 'healthy') defective[cell] = 1;
    if (name !== 'healthy' && readOut.defects === 'dieMeans') {
      p[cell] = meanP;
      ap[cell] = meanAp;
      continue;
    }
    [p[cell], ap[cell]] = cellConductances(model, cell, name, readOut, meanP, meanAp);
  }
  return {
    dieModelId: model.id,
    geometry: model.geometry,
    p,
    ap,
    defective,
    meanP,
    meanAp,
    filledCells: readOut.defects === 'dieMeans' ? 0 : unknown,
  };
}

function cellConductances(
  model: DieModel,
  cell: number,
  name: CellClass,
  { seriesOhms, unknownCells }: ReadOut,
  meanP: number,
  meanAp: number,
): [number, number] {
  switch (name) {
    case 'healthy':
    case 'weak':
    case 'subpar':
      return [
        through(seriesOhms, model.rP[cell], model, cell, 'rP'),
        through(seriesOhms, model.rAp[cell], model, cell, 'rAp'),
      ];
    case 'shorted':
    case 'stuck': {
      const fixed = through(seriesOhms, model.rFixed[cell], model, cell, 'rFixed');
      return [fixed, fixed];
    }
    case 'open':
      return [0, 0];
    case 'undetermined':
    case 'unmeasured':
      return unknownCells === 'mean' ? [meanP, meanAp] : [0, 0];
  }
}

function healthyMeans(model: DieModel, seriesOhms: number): { meanP: number; meanAp: number } {
  let sumP = 0;
  let sumAp = 0;
  let count = 0;
  for (let cell = 0; cell < model.classes.length; cell++) {
    if (CELL_CLASSES[model.classes[cell]] !== 'healthy') continue;
    sumP += through(seriesOhms, model.rP[cell], model, cell, 'rP');
    sumAp += through(seriesOhms, model.rAp[cell], model, cell, 'rAp');
    count += 1;
  }
  if (count === 0) {
    invalid(model, 'no healthy cell: the unit of a weight, ⟨G_P⟩ − ⟨G_AP⟩, is not defined', '0', 'at least one');
  }
  const meanP = sumP / count;
  const meanAp = sumAp / count;
  if (!(meanP > meanAp)) {
    invalid(model, 'healthy cells conduct no better in P than in AP', `${meanP} S and ${meanAp} S`, '⟨G_P⟩ > ⟨G_AP⟩');
  }
  return { meanP, meanAp };
}

function through(seriesOhms: number, ohms: number, model: DieModel, cell: number, name: string): number {
  if (!Number.isFinite(ohms) || ohms <= 0) {
    invalid(model, `${name} of cell ${cell} is no resistance`, `${ohms} Ω`, 'a positive finite number');
  }
  return 1 / (ohms + seriesOhms);
}

function checkLengths(model: DieModel): void {
  const cells = cellCount(model.geometry);
  for (const name of ['classes', 'rP', 'rAp', 'rFixed'] as const) {
    if (model[name].length !== cells) {
      invalid(model, `${name} has the wrong length`, `${model[name].length}`, `${cells} (rows × columns)`);
    }
  }
  const unknownCode = model.classes.findIndex((code) => code >= CELL_CLASSES.length);
  if (unknownCode !== -1) {
    invalid(model, `class of cell ${unknownCode} is unknown`, `${model.classes[unknownCode]}`, '0 to 7');
  }
}

function refuseUnknown(model: DieModel, unknown: number): never {
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
    thing: `die model ${dieLabel(model.die)}`,
    what: `${unknown} cells are undetermined or unmeasured`,
    value: `${model.counts.undetermined} undetermined, ${model.counts.unmeasured} unmeasured`,
    expected: 'every cell with a class',
    remedy: 'Measure them again, or say what they count as: --unknown-cells mean, or --unknown-cells open.',
  });
}

function invalid(model: DieModel, what: string, value: string, expected: string): never {
  const remedy = 'Export the die model again from the wafer file.';
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
    thing: `die model ${dieLabel(model.die)}`,
    what,
    value,
    expected,
    remedy,
  });
}
