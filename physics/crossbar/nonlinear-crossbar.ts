import { factorise } from './cholesky.ts';
import type { CrossbarArray, Terminal } from './crossbar-array.ts';
import {
  cellVoltages,
  type IsolatedCrossbar,
  type NodeVoltages,
  prepareCrossbar,
  residual,
  type SolvableCrossbar,
  solveInjected,
} from './crossbar-network.ts';

/** Current and slope of a cell at a voltage (column minus row). The slope must be positive. */
export type CellLaw = (cell: number, volts: number) => { readonly amps: number; readonly siemens: number };

export interface NonlinearSolution {
  readonly kind: 'solved';
  readonly nodes: NodeVoltages;
  readonly iterations: number;
  /** Largest current by which Kirchhoff's law is missed at a node. */
  readonly residualAmps: number;
  readonly converged: boolean;
}

const MAX_ITERATIONS = 50;
/** Relative to the largest current that the terminals could drive. */
const TOLERANCE = 1e-12;

/**
 * Newton's method for cells whose conductance depends on their voltage; `array.cellSiemens` is the start (0 stays open).
 * A step that does not lower the residual is halved. `converged` is false when the tolerance was not reached: look at
 * `residualAmps` before using the result.
 */
export function solveNonlinear(
  array: CrossbarArray,
  terminals: readonly Terminal[],
  terminalVolts: Float64Array,
  law: CellLaw,
): NonlinearSolution | IsolatedCrossbar {
  const start = prepareCrossbar(array, terminals);
  if (start.kind === 'isolated') return start;

  const driven = new Float64Array(start.symbolic.nodeCount);
  terminals.forEach(({ ohms }, i) => {
    driven[start.terminalNodes[i]] += terminalVolts[i] / ohms;
  });
  const scale = Math.max(...driven.map(Math.abs), Number.MIN_VALUE);
  let volts: Float64Array = solveInjected(start, driven, 1);
  let state = linearised(start, volts, driven, law);
  let iterations = 0;
  while (state.worst > TOLERANCE * scale && iterations < MAX_ITERATIONS) {
    iterations += 1;
    const factor = factorise(start.symbolic, state.edgeSiemens, start.fixedSiemens);
    const step = solveInjected({ ...start, edgeSiemens: state.edgeSiemens, factor }, state.missing, 1);
    const next = shortened(start, volts, step, driven, law, state.worst);
    if (next === null) break;
    volts = next.volts;
    state = next.state;
  }
  const converged = state.worst <= TOLERANCE * scale;
  return { kind: 'solved', nodes: { volts, count: 1 }, iterations, residualAmps: state.worst, converged };
}

interface Linearised {
  /** Edge conductances with the cells' slopes. */
  readonly edgeSiemens: Float64Array;
  /** Current missing at each node under the cells' true currents. */
  readonly missing: Float64Array;
  readonly worst: number;
}

function linearised(crossbar: SolvableCrossbar, volts: Float64Array, driven: Float64Array, law: CellLaw): Linearised {
  const cells = crossbar.array.rows * crossbar.array.columns;
  // Lines and terminals first, without the cells, then the cells with their own law.
  const lines = Float64Array.from(crossbar.edgeSiemens).fill(0, 0, cells);
  const missing = residual({ ...crossbar, edgeSiemens: lines }, volts, driven, 1);
  const edgeSiemens = Float64Array.from(crossbar.edgeSiemens);
  const across = cellVoltages(crossbar, { volts, count: 1 });
  for (let cell = 0; cell < cells; cell++) {
    if (crossbar.array.cellSiemens[cell] === 0) continue;
    const { amps, siemens } = law(cell, across[cell]);
    edgeSiemens[cell] = siemens;
    missing[cells + cell] -= amps;
    missing[cell] += amps;
  }
  return { edgeSiemens, missing, worst: missing.reduce((worst, amps) => Math.max(worst, Math.abs(amps)), 0) };
}

/** The longest of the halved steps that lowers the residual; null when none does (rounding is reached). */
function shortened(
  crossbar: SolvableCrossbar,
  volts: Float64Array,
  step: Float64Array,
  driven: Float64Array,
  law: CellLaw,
  worst: number,
): { volts: Float64Array; state: Linearised } | null {
  for (let share = 1; share > 1e-3; share /= 2) {
    const tried = volts.map((value, node) => value + share * step[node]);
    const state = linearised(crossbar, tried, driven, law);
    if (state.worst < worst) return { volts: tried, state };
  }
  return null;
}
