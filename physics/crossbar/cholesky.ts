import { type MultifrontalKernel, multifrontalKernel } from './kernels/multifrontal-kernel.ts';
import { columnStride, type SymbolicFactorisation } from './symbolic-factorisation.ts';

/** The numeric factor L of A = L·Lᵀ; solve with `solveChosen`. */
export interface CholeskyFactor {
  readonly symbolic: SymbolicFactorisation;
  /** Panels of all fronts, as kernels/assembly/fronts.ts has them. */
  readonly panels: Float64Array;
}

/** Vectors that the kernel solves together. */
export const VECTORS_AT_ONCE = 8;

/**
 * Factorises the nodal matrix given by edge conductances (siemens, `symbolic.edgeCount`) and the conductances that join each
 * node to a fixed potential (`symbolic.nodeCount`). The matrix must be positive definite: every part of the
 * network reaches a fixed potential (crossbar-network.ts sees to that). Throws RangeError on a pivot that is not positive.
 */
export function factorise(
  symbolic: SymbolicFactorisation,
  edgeSiemens: Float64Array,
  fixedSiemens: Float64Array,
): CholeskyFactor {
  const { kernel, layout } = load(symbolic);
  const diagonal = numbers(kernel, layout.x, symbolic.nodeCount);
  diagonal.set(fixedSiemens);
  const { edgeNodes } = symbolic;
  for (let edge = 0; edge < symbolic.edgeCount; edge++) {
    diagonal[edgeNodes[2 * edge]] += edgeSiemens[edge];
    diagonal[edgeNodes[2 * edge + 1]] += edgeSiemens[edge];
  }
  // The edges lie behind the diagonal, where vectors will be.
  const edges = layout.x + 8 * symbolic.nodeCount;
  numbers(kernel, edges, symbolic.edgeCount).set(edgeSiemens);
  resident.panels = null;
  const failed = kernel.factorise(edges, layout.x);
  if (failed >= 0) {
    throw new RangeError(`the pivot of node ${failed} is not positive: part of the network reaches no fixed potential`);
  }
  const panels = numbers(kernel, layout.panels, symbolic.factorLength).slice();
  resident.panels = panels;
  return { symbolic, panels };
}

/** Fronts to visit, children before parents: forward where something is injected, backward where something is wanted. */
export interface ChosenFronts {
  readonly forward: Int32Array;
  readonly backward: Int32Array;
}

/** All fronts: any injection, every node wanted. */
export function allFronts({ frontCount }: SymbolicFactorisation): ChosenFronts {
  const every = Int32Array.from({ length: frontCount }, (_, front) => front);
  return { forward: every, backward: every };
}

/** The fronts on the way from these nodes to the root, children before parents. */
export function frontsAbove(
  { frontCount, frontOfNode, parents }: SymbolicFactorisation,
  nodes: Iterable<number>,
): Int32Array {
  const marked = new Uint8Array(frontCount);
  let count = 0;
  for (const node of nodes) {
    for (let front = frontOfNode[node]; front >= 0 && marked[front] === 0; front = parents[front]) {
      marked[front] = 1;
      count += 1;
    }
  }
  const chosen = new Int32Array(count);
  for (let front = 0, at = 0; front < frontCount; front++) if (marked[front] === 1) chosen[at++] = front;
  return chosen;
}

/**
 * Solves A·X = B for 1 or `VECTORS_AT_ONCE` vectors, interleaved: `inject` adds B to a zeroed x[node × width + vector], `take` gets X in
 * the same order, valid on the nodes of `chosen.backward` and until the next call only.
 */
export function solveChosen(
  factor: CholeskyFactor,
  width: 1 | typeof VECTORS_AT_ONCE,
  chosen: ChosenFronts,
  inject: (x: Float64Array) => void,
  take: (x: Float64Array) => void,
): void {
  const { symbolic, panels } = factor;
  const { kernel, layout } = load(symbolic);
  if (resident.panels !== panels) {
    numbers(kernel, layout.panels, symbolic.factorLength).set(panels);
    resident.panels = panels;
  }
  const x = numbers(kernel, layout.x, symbolic.nodeCount * width);
  x.fill(0);
  inject(x);
  const { forward, backward } = chosen;
  integers(kernel, layout.list, forward.length).set(forward);
  if (width === 1) kernel.forwardOne(layout.list, forward.length, layout.x);
  else kernel.forwardEight(layout.list, forward.length, layout.x);
  integers(kernel, layout.list, backward.length).set(backward);
  if (width === 1) kernel.backwardOne(layout.list, backward.length, layout.x);
  else kernel.backwardEight(layout.list, backward.length, layout.x);
  take(x);
}

/** Addresses in the kernel's memory. */
interface Layout {
  readonly panels: number;
  readonly list: number;
  readonly x: number;
}

/**
 * One kernel per thread: a WebAssembly memory reserves gigabytes of addresses, too much for every die. It holds the tables of
 * one geometry and one factor; what is asked for next takes their place.
 */
const resident: {
  kernel: MultifrontalKernel | null;
  symbolic: SymbolicFactorisation | null;
  layout: Layout;
  panels: Float64Array | null;
} = { kernel: null, symbolic: null, layout: { panels: 0, list: 0, x: 0 }, panels: null };

function load(symbolic: SymbolicFactorisation): { kernel: MultifrontalKernel; layout: Layout } {
  resident.kernel ??= multifrontalKernel();
  if (resident.symbolic !== symbolic) {
    resident.panels = null;
    resident.layout = layOut(resident.kernel, symbolic);
    resident.symbolic = symbolic;
  }
  return { kernel: resident.kernel, layout: resident.layout };
}

function layOut(kernel: MultifrontalKernel, symbolic: SymbolicFactorisation): Layout {
  const { fronts, frontNodes, parentPlaces, entryPositions, entryEdges, frontCount, nodeCount, edgeCount } = symbolic;
  const tables = [fronts, frontNodes, parentPlaces, entryPositions, entryEdges];
  const stride = columnStride(symbolic.largestFront);
  const sizes = [
    ...tables.map(({ byteLength }) => byteLength),
    8 * symbolic.factorLength,
    // The front itself, or eight values of each of its nodes and two rows of room.
    8 * Math.max(stride * stride, (stride + 2) * VECTORS_AT_ONCE),
    8 * symbolic.stackLength,
    4 * frontCount,
    4 * frontCount,
    8 * Math.max(nodeCount * VECTORS_AT_ONCE, nodeCount + edgeCount),
  ].map((bytes) => (bytes + 127) & ~63);
  const base = kernel.ensureBytes(sizes.reduce((sum, bytes) => sum + bytes, 0));
  if (base === 0) throw new RangeError(`no memory for a crossbar of ${symbolic.rows} × ${symbolic.columns} cells`);
  const at: number[] = [];
  sizes.reduce((address, bytes) => {
    at.push(address);
    return address + bytes;
  }, base);
  tables.forEach((table, i) => {
    new Int32Array(kernel.memory.buffer, at[i], table.length).set(table);
  });
  const [frontsAt, nodesAt, placesAt, positionsAt, edgesAt, panels, square, stack, waiting, list, x] = at;
  kernel.describe(frontCount, frontsAt, nodesAt, placesAt, positionsAt, edgesAt, panels, square, stack, waiting);
  return { panels, list, x };
}

const numbers = ({ memory }: MultifrontalKernel, at: number, count: number) =>
  new Float64Array(memory.buffer, at, count);
const integers = ({ memory }: MultifrontalKernel, at: number, count: number) =>
  new Int32Array(memory.buffer, at, count);
