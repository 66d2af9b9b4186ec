import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { Mapping, PairSign } from './mapping.ts';

/**
 * The two cells of every weight of a layer, as cell indices (row × columns + column), in the order of the weights
 * (layer 1: input × hidden + unit; layer 2: unit × outputs + output). `plus` is the cell whose conductance counts
 * positive.
 */
export interface WeightCells {
  readonly plus: Uint32Array;
  readonly minus: Uint32Array;
}

export function layer1Cells(mapping: Mapping, shape: NetworkShape, geometry: CrossbarGeometry): WeightCells {
  return layerCells(mapping.inputRows, mapping.hiddenPairs, mapping.hiddenPairSigns, shape.hidden, geometry);
}

export function layer2Cells(mapping: Mapping, shape: NetworkShape, geometry: CrossbarGeometry): WeightCells {
  return layerCells(mapping.hiddenRows, mapping.outputPairs, mapping.outputPairSigns, shape.outputs, geometry);
}

/** Cells that carry a weight: 2 (inputs · hidden + hidden · outputs). */
export function usedCellCount({ inputs, hidden, outputs }: NetworkShape): number {
  return 2 * (inputs * hidden + hidden * outputs);
}

function layerCells(
  rows: readonly number[],
  pairs: readonly number[],
  signs: readonly PairSign[],
  width: number,
  { columns }: CrossbarGeometry,
): WeightCells {
  const plus = new Uint32Array(rows.length * width);
  const minus = new Uint32Array(rows.length * width);
  for (let from = 0; from < rows.length; from++) {
    for (let to = 0; to < width; to++) {
      const even = rows[from] * columns + 2 * pairs[to];
      const weight = from * width + to;
      plus[weight] = signs[to] === 1 ? even : even + 1;
      minus[weight] = signs[to] === 1 ? even + 1 : even;
    }
  }
  return { plus, minus };
}
