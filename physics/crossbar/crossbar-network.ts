import {
  allFronts,
  type CholeskyFactor,
  type ChosenFronts,
  factorise,
  solveChosen,
  VECTORS_AT_ONCE,
} from './cholesky.ts';
import { type CrossbarArray, checkArray, type Terminal } from './crossbar-array.ts';
import { isolatedLines } from './isolated-lines.ts';
import { type SymbolicFactorisation, symbolicFactorisation } from './symbolic-factorisation.ts';

/** A factorised array with its terminals, ready for any number of voltage vectors. */
export interface SolvableCrossbar {
  readonly kind: 'solvable';
  readonly array: CrossbarArray;
  readonly terminals: readonly Terminal[];
  readonly symbolic: SymbolicFactorisation;
  readonly edgeSiemens: Float64Array;
  /** Conductance from each node to its terminal's potential; 0 for most. */
  readonly fixedSiemens: Float64Array;
  /** Node of each terminal. */
  readonly terminalNodes: Int32Array;
  readonly factor: CholeskyFactor;
}

/** Lines that no terminal reaches through any cell: their potential is not defined. */
export interface IsolatedCrossbar {
  readonly kind: 'isolated';
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Checks, assembles and factorises. Isolated lines are a result, not a singular matrix. Throws TB_GEOMETRY_INVALID. */
export function prepareCrossbar(
  array: CrossbarArray,
  terminals: readonly Terminal[],
): SolvableCrossbar | IsolatedCrossbar {
  checkArray(array, terminals);
  const isolated = isolatedLines(array, terminals);
  if (isolated.rows.length + isolated.columns.length > 0) return { kind: 'isolated', ...isolated };

  const symbolic = symbolicFactorisation(array.rows, array.columns);
  const edgeSiemens = edgeConductances(array, symbolic);
  const terminalNodes = Int32Array.from(terminals, (terminal) => nodeOf(array, terminal));
  const fixedSiemens = new Float64Array(symbolic.nodeCount);
  terminals.forEach(({ ohms }, i) => {
    fixedSiemens[terminalNodes[i]] += 1 / ohms;
  });
  const factor = factorise(symbolic, edgeSiemens, fixedSiemens);
  return { kind: 'solvable', array, terminals, symbolic, edgeSiemens, fixedSiemens, terminalNodes, factor };
}

/** Node voltages for `count` terminal vectors, interleaved: volts[node × count + k]. */
export interface NodeVoltages {
  readonly count: number;
  readonly volts: Float64Array;
}

/** Solves for terminal voltages given as volts[terminal × count + k]. */
export function solveVoltages(crossbar: SolvableCrossbar, terminalVolts: Float64Array, count = 1): NodeVoltages {
  if (isStiff(crossbar))
    return { count, volts: solveRefined(crossbar, injectedBy(crossbar, terminalVolts, count), count) };
  const volts = new Float64Array(crossbar.symbolic.nodeCount * count);
  inBlocks(crossbar, count, allFronts(crossbar.symbolic), {
    inject: (x, width, first, vectors) => injectTerminals(crossbar, terminalVolts, count, x, width, first, vectors),
    take: (x, width, first, vectors) => copyVectors(x, width, 0, volts, count, first, vectors),
  });
  return { count, volts };
}

/**
 * Solves G·v = i for injected node currents (node × count + k), terminals at 0 V; used for adjoints as well. A stiff array (lines
 * far better conductors than its weakest cell) gets one step of iterative refinement with currents taken edge by edge.
 */
export function solveInjected(crossbar: SolvableCrossbar, injected: Float64Array, count: number): Float64Array {
  return isStiff(crossbar) ? solveRefined(crossbar, injected, count) : solveOnce(crossbar, injected, count);
}

function solveRefined(crossbar: SolvableCrossbar, injected: Float64Array, count: number): Float64Array {
  const volts = solveOnce(crossbar, injected, count);
  const correction = solveOnce(crossbar, residual(crossbar, volts, injected, count), count);
  for (let i = 0; i < volts.length; i++) volts[i] += correction[i];
  return volts;
}

function solveOnce(crossbar: SolvableCrossbar, injected: Float64Array, count: number): Float64Array {
  const volts = new Float64Array(injected.length);
  inBlocks(crossbar, count, allFronts(crossbar.symbolic), {
    inject: (x, width, first, vectors) => copyVectors(injected, count, first, x, width, 0, vectors),
    take: (x, width, first, vectors) => copyVectors(x, width, 0, volts, count, first, vectors),
  });
  return volts;
}

/** What goes into and comes out of the vectors first … first + vectors − 1, which lie interleaved in x (node × width + place). */
export interface BlockAccess {
  inject(x: Float64Array, width: number, first: number, vectors: number): void;
  take(x: Float64Array, width: number, first: number, vectors: number): void;
}

/** Solves `count` vectors a block at a time, without refinement. */
export function inBlocks({ factor }: SolvableCrossbar, count: number, chosen: ChosenFronts, access: BlockAccess): void {
  for (let first = 0; first < count; first += VECTORS_AT_ONCE) {
    const vectors = Math.min(VECTORS_AT_ONCE, count - first);
    const width = vectors === 1 ? 1 : VECTORS_AT_ONCE;
    solveChosen(
      factor,
      width,
      chosen,
      (x) => access.inject(x, width, first, vectors),
      (x) => access.take(x, width, first, vectors),
    );
  }
}

/** Adds the currents that terminals would drive into nodes at 0 V, for the vectors first … first + vectors − 1. */
export function injectTerminals(
  { terminals, terminalNodes }: SolvableCrossbar,
  terminalVolts: Float64Array,
  count: number,
  x: Float64Array,
  width: number,
  first: number,
  vectors: number,
): void {
  terminals.forEach(({ ohms }, i) => {
    const at = terminalNodes[i] * width;
    for (let k = 0; k < vectors; k++) x[at + k] += terminalVolts[i * count + first + k] / ohms;
  });
}

function injectedBy(crossbar: SolvableCrossbar, terminalVolts: Float64Array, count: number): Float64Array {
  const injected = new Float64Array(crossbar.symbolic.nodeCount * count);
  injectTerminals(crossbar, terminalVolts, count, injected, count, 0, count);
  return injected;
}

/** Copies vectors between two interleaved lists of the same nodes. */
function copyVectors(
  from: Float64Array,
  fromWidth: number,
  fromFirst: number,
  to: Float64Array,
  toWidth: number,
  toFirst: number,
  vectors: number,
): void {
  const nodes = from.length / fromWidth;
  for (let node = 0; node < nodes; node++) {
    const source = node * fromWidth + fromFirst;
    const target = node * toWidth + toFirst;
    for (let k = 0; k < vectors; k++) to[target + k] = from[source + k];
  }
}

/**
 * Stiffness above which a solution is refined: the sums on the matrix diagonal forget a conductance that is this much
 * weaker than its neighbours, times the rounding of a double, and node voltages could be wrong by more than 1e-10 of the
 * applied voltage.
 */
const REFINE_ABOVE = 1e-10 / Number.EPSILON;

export const isStiff = (crossbar: SolvableCrossbar): boolean => stiffness(crossbar) > REFINE_ABOVE;

/** Strongest over weakest conductance that conducts at all. */
function stiffness({ edgeSiemens, fixedSiemens }: SolvableCrossbar): number {
  let strongest = 0;
  let weakest = Number.POSITIVE_INFINITY;
  for (const list of [edgeSiemens, fixedSiemens]) {
    for (let i = 0; i < list.length; i++) {
      const siemens = list[i];
      if (siemens > strongest) strongest = siemens;
      if (siemens > 0 && siemens < weakest) weakest = siemens;
    }
  }
  return strongest / weakest;
}

/** i − G·v: what Kirchhoff's current law misses at every node, amperes. */
export function residual(
  { symbolic, edgeSiemens, fixedSiemens }: SolvableCrossbar,
  volts: Float64Array,
  injected: Float64Array,
  count: number,
): Float64Array {
  const missing = new Float64Array(volts.length);
  for (let node = 0; node < symbolic.nodeCount; node++) {
    const fixed = fixedSiemens[node];
    const at = node * count;
    for (let k = 0; k < count; k++) missing[at + k] = injected[at + k] - fixed * volts[at + k];
  }
  const { edgeNodes } = symbolic;
  for (let edge = 0; edge < symbolic.edgeCount; edge++) {
    const a = edgeNodes[2 * edge] * count;
    const b = edgeNodes[2 * edge + 1] * count;
    const siemens = edgeSiemens[edge];
    for (let k = 0; k < count; k++) {
      const amps = siemens * (volts[a + k] - volts[b + k]);
      missing[a + k] -= amps;
      missing[b + k] += amps;
    }
  }
  return missing;
}

/** Current out of each terminal into the array, amperes, as amps[terminal × count + k]. */
export function terminalCurrents(
  { terminals, terminalNodes }: SolvableCrossbar,
  terminalVolts: Float64Array,
  { volts, count }: NodeVoltages,
): Float64Array {
  const amps = new Float64Array(terminals.length * count);
  terminals.forEach(({ ohms }, i) => {
    for (let k = 0; k < count; k++) {
      amps[i * count + k] = (terminalVolts[i * count + k] - volts[terminalNodes[i] * count + k]) / ohms;
    }
  });
  return amps;
}

/** Voltage across every cell, column minus row, for vector k. */
export function cellVoltages({ array }: SolvableCrossbar, { volts, count }: NodeVoltages, k = 0): Float64Array {
  const cells = array.rows * array.columns;
  return Float64Array.from({ length: cells }, (_, cell) => volts[(cells + cell) * count + k] - volts[cell * count + k]);
}

function nodeOf({ rows, columns }: CrossbarArray, { line, index, end }: Terminal): number {
  if (line === 'row') return index * columns + (end === 'first' ? 0 : columns - 1);
  return rows * columns + (end === 'first' ? 0 : rows - 1) * columns + index;
}

function edgeConductances(array: CrossbarArray, symbolic: SymbolicFactorisation): Float64Array {
  const { rows, columns, cellSiemens, rowPitchOhms, columnPitchOhms } = array;
  const cells = rows * columns;
  const rowSegments = rows * (columns - 1);
  const edges = new Float64Array(symbolic.edgeCount);
  edges.set(cellSiemens);
  edges.fill(1 / rowPitchOhms, cells, cells + rowSegments);
  edges.fill(1 / columnPitchOhms, cells + rowSegments);
  return edges;
}
