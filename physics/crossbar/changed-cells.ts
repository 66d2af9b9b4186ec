import { LuDecomposition, Matrix } from 'ml-matrix';
import { type CrossbarArray, checkArray } from './crossbar-array.ts';
import { type IsolatedCrossbar, type NodeVoltages, type SolvableCrossbar, solveInjected } from './crossbar-network.ts';
import { isolatedLines } from './isolated-lines.ts';

/** A cell whose conductance is no longer the one that was factorised. */
export interface ChangedCell {
  readonly cell: number;
  readonly siemens: number;
}

/**
 * Node voltages after k cells changed, without factorising again (Sherman–Morrison–Woodbury): k solves once, then a k × k
 * system per vector. Worth it while k is far below the number of lines.
 *
 * W. W. Hager, "Updating the inverse of a matrix", SIAM Review 31 (1989).
 */
export function changedCells(
  crossbar: SolvableCrossbar,
  changes: readonly ChangedCell[],
): ((before: NodeVoltages) => NodeVoltages) | IsolatedCrossbar {
  const array = arrayAfter(crossbar.array, changes);
  checkArray(array, crossbar.terminals);
  const isolated = isolatedLines(array, crossbar.terminals);
  if (isolated.rows.length + isolated.columns.length > 0) return { kind: 'isolated', ...isolated };

  const cells = array.rows * array.columns;
  const real = changes.filter(({ cell, siemens }) => siemens !== crossbar.array.cellSiemens[cell]);
  const size = real.length;
  if (size === 0) return (before) => before;

  // W = G⁻¹·U, where column j of U is +1 at the cell's row node and −1 at its column node.
  const w = new Float64Array(crossbar.symbolic.nodeCount * size);
  real.forEach(({ cell }, j) => {
    w[cell * size + j] = 1;
    w[(cells + cell) * size + j] = -1;
  });
  const solved = solveInjected(crossbar, w, size);
  const across = (values: Float64Array, stride: number, cell: number, k: number) =>
    values[cell * stride + k] - values[(cells + cell) * stride + k];

  // I + D·Uᵀ·W, with D the changes of conductance.
  const change = real.map(({ cell, siemens }) => siemens - crossbar.array.cellSiemens[cell]);
  const small = Matrix.eye(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      small.set(i, j, small.get(i, j) + change[i] * across(solved, size, real[i].cell, j));
    }
  }
  const decomposition = new LuDecomposition(small);

  return ({ volts, count }) => {
    const amps = Matrix.zeros(size, count);
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < count; k++) amps.set(i, k, change[i] * across(volts, count, real[i].cell, k));
    }
    const strength = decomposition.solve(amps);
    const after = Float64Array.from(volts);
    for (let node = 0; node < crossbar.symbolic.nodeCount; node++) {
      for (let k = 0; k < count; k++) {
        let sum = 0;
        for (let j = 0; j < size; j++) sum += solved[node * size + j] * strength.get(j, k);
        after[node * count + k] -= sum;
      }
    }
    return { volts: after, count };
  };
}

function arrayAfter(array: CrossbarArray, changes: readonly ChangedCell[]): CrossbarArray {
  const cellSiemens = Float64Array.from(array.cellSiemens);
  for (const { cell, siemens } of changes) cellSiemens[cell] = siemens;
  return { ...array, cellSiemens };
}
