import type { DieModel } from '../../analysis/die-model.ts';
import { CELL_CLASSES, type CellClass } from '../../wafer/cell-class.ts';
import { cellAt } from '../../wafer/geometry.ts';
import { checkMapping } from './check-mapping.ts';
import type { BinaryWeights } from './effective-weights.ts';
import type { Mapping } from './mapping.ts';
import { layer1Cells, layer2Cells, type WeightCells } from './weight-cells.ts';

export const PROGRAMMING_MAP_FORMAT = 'tunnelbench-programming-map';
export const PROGRAMMING_MAP_VERSION = 1;

/** Which state every cell of a die must be written to for a solution, and which cells will not get there. */
export interface ProgrammingMap {
  readonly format: typeof PROGRAMMING_MAP_FORMAT;
  readonly version: typeof PROGRAMMING_MAP_VERSION;
  readonly dieModelId: string;
  readonly geometry: DieModel['geometry'];
  /** One text a row, one letter a column: P, A (for AP), or - for a cell that carries no weight. */
  readonly targets: readonly string[];
  /** Cells with a target that are not healthy. */
  readonly doubtful: readonly DoubtfulCell[];
}

export interface DoubtfulCell {
  readonly row: number;
  readonly column: number;
  readonly target: 'P' | 'AP';
  readonly class: CellClass;
  /** False for a cell that cannot be switched; true for a weak or subpar one, which switches to the wrong resistance. */
  readonly switches: boolean;
}

/** @throws TB_MAPPING_INVALID */
export function programmingMap(weights: BinaryWeights, mapping: Mapping, model: DieModel): ProgrammingMap {
  const { geometry, classes } = model;
  checkMapping(mapping, weights.shape, geometry);
  const targets = new Array<'P' | 'AP' | null>(classes.length).fill(null);
  setTargets(targets, weights.signs1, layer1Cells(mapping, weights.shape, geometry));
  setTargets(targets, weights.signs2, layer2Cells(mapping, weights.shape, geometry));
  const doubtful = targets.flatMap((target, cell): DoubtfulCell[] => {
    const name = CELL_CLASSES[classes[cell]];
    if (target === null || name === 'healthy') return [];
    return [{ ...cellAt(geometry, cell), target, class: name, switches: name === 'weak' || name === 'subpar' }];
  });
  const letter = (target: 'P' | 'AP' | null) => (target === null ? '-' : target[0]);
  const rows = Array.from({ length: geometry.rows }, (_, row) =>
    targets
      .slice(row * geometry.columns, (row + 1) * geometry.columns)
      .map(letter)
      .join(''),
  );
  return {
    format: PROGRAMMING_MAP_FORMAT,
    version: PROGRAMMING_MAP_VERSION,
    dieModelId: model.id,
    geometry,
    targets: rows,
    doubtful,
  };
}

function setTargets(targets: ('P' | 'AP' | null)[], signs: Int8Array, { plus, minus }: WeightCells): void {
  for (let i = 0; i < signs.length; i++) {
    targets[plus[i]] = signs[i] > 0 ? 'P' : 'AP';
    targets[minus[i]] = signs[i] > 0 ? 'AP' : 'P';
  }
}
