import { type DissectionBlock, nestedDissection } from './nested-dissection.ts';

/**
 * Everything about the Cholesky factor of a crossbar's nodal matrix that depends on its geometry only: computed once,
 * used for every die. The multifrontal method works block by block on small dense matrices ("fronts"): rows and columns of a
 * front are its pivots (eliminated here) followed by its boundary (later nodes they touch).
 *
 * I. S. Duff, J. K. Reid, "The multifrontal solution of indefinite sparse symmetric linear equations", ACM TOMS 9 (1983).
 */
export interface SymbolicFactorisation {
  readonly rows: number;
  readonly columns: number;
  readonly nodeCount: number;
  /** Cells first (row × columns + column), then row segments, then column segments; see `edgeNodes`. */
  readonly edgeCount: number;
  /** Both ends of every edge: nodes edgeNodes[2e] and edgeNodes[2e + 1]. */
  readonly edgeNodes: Int32Array;
  readonly fronts: readonly Front[];
  readonly largestFront: number;
  /** Numbers in the factor, and in the largest stack of pending updates. */
  readonly factorLength: number;
  readonly stackLength: number;
}

export interface Front {
  /** Global node numbers: pivots first, then the boundary. */
  readonly nodes: Int32Array;
  readonly pivots: number;
  /** Where the front's panel (nodes.length × pivots, column by column) begins in the factor. */
  readonly factorStart: number;
  /** Off-diagonal entries of the matrix that belong here: position in the front's square, and the edge. */
  readonly entryPosition: Int32Array;
  readonly entryEdge: Int32Array;
  /** Children in the order their updates lie on the stack, the last on top. */
  readonly children: readonly ChildUpdate[];
}

export interface ChildUpdate {
  /** Place of each of the child's boundary nodes among this front's nodes. */
  readonly place: Int32Array;
}

const analysed = new Map<string, SymbolicFactorisation>();

/** The symbolic factorisation of a rows × columns crossbar; remembered per geometry. */
export function symbolicFactorisation(rows: number, columns: number): SymbolicFactorisation {
  const key = `${rows}×${columns}`;
  const known = analysed.get(key);
  if (known) return known;
  const fresh = analyse(rows, columns);
  analysed.set(key, fresh);
  return fresh;
}

function analyse(rows: number, columns: number): SymbolicFactorisation {
  const nodeCount = 2 * rows * columns;
  const edgeNodes = edgesOf(rows, columns);
  const blocks = postorder(nestedDissection(rows, columns));

  // The place of every node in the elimination order.
  const order = new Int32Array(nodeCount);
  let next = 0;
  for (const { nodes } of blocks) for (const node of nodes) order[node] = next++;

  const adjacency = adjacencyOf(edgeNodes, nodeCount);
  const boundaries = new Map<DissectionBlock, Int32Array>();
  const place = new Int32Array(nodeCount);
  const marks = new Int32Array(nodeCount).fill(-1);
  const fronts: Front[] = [];
  let factorLength = 0;
  let stack = 0;
  let stackLength = 0;
  let largestFront = 0;

  for (const block of blocks) {
    const boundary = boundaryOf(block, order, adjacency, boundaries, marks);
    boundaries.set(block, boundary);
    const pivots = block.nodes.length;
    const nodes = new Int32Array(pivots + boundary.length);
    nodes.set(block.nodes);
    nodes.set(boundary, pivots);
    nodes.forEach((node, i) => {
      place[node] = i;
    });

    const entryPosition: number[] = [];
    const entryEdge: number[] = [];
    for (let column = 0; column < pivots; column++) {
      const node = nodes[column];
      for (let i = adjacency.first[node]; i < adjacency.first[node + 1]; i++) {
        const neighbour = adjacency.neighbour[i];
        if (order[neighbour] < order[node]) continue;
        entryPosition.push(place[neighbour] + column * nodes.length);
        entryEdge.push(adjacency.edge[i]);
      }
    }
    const children = block.children.map((child) => ({
      place: Int32Array.from(boundaries.get(child) as Int32Array, (node) => place[node]),
    }));
    fronts.push({
      nodes,
      pivots,
      factorStart: factorLength,
      entryPosition: Int32Array.from(entryPosition),
      entryEdge: Int32Array.from(entryEdge),
      children,
    });
    factorLength += nodes.length * pivots;
    largestFront = Math.max(largestFront, nodes.length);
    stackLength = Math.max(stackLength, stack + boundary.length ** 2);
    stack += boundary.length ** 2 - children.reduce((sum, child) => sum + child.place.length ** 2, 0);
  }
  const edgeCount = edgeNodes.length / 2;
  return { rows, columns, nodeCount, edgeCount, edgeNodes, fronts, largestFront, factorLength, stackLength };
}

/** Cells, then row segments (row × (columns − 1) + column), then column segments (row × columns + column). */
function edgesOf(rows: number, columns: number): Int32Array {
  const cells = rows * columns;
  const edges: number[] = [];
  for (let cell = 0; cell < cells; cell++) edges.push(cell, cells + cell);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) edges.push(row * columns + column, row * columns + column + 1);
  }
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column < columns; column++) {
      edges.push(cells + row * columns + column, cells + (row + 1) * columns + column);
    }
  }
  return Int32Array.from(edges);
}

/** Neighbours of every node, those of node n at first[n] … first[n + 1] − 1. */
interface Adjacency {
  readonly first: Int32Array;
  readonly neighbour: Int32Array;
  readonly edge: Int32Array;
}

function adjacencyOf(edgeNodes: Int32Array, nodeCount: number): Adjacency {
  const first = new Int32Array(nodeCount + 1);
  for (const node of edgeNodes) first[node + 1] += 1;
  for (let node = 0; node < nodeCount; node++) first[node + 1] += first[node];
  const next = first.slice();
  const neighbour = new Int32Array(edgeNodes.length);
  const edge = new Int32Array(edgeNodes.length);
  for (let i = 0; i < edgeNodes.length; i++) {
    const at = next[edgeNodes[i]]++;
    neighbour[at] = edgeNodes[i ^ 1];
    edge[at] = i >> 1;
  }
  return { first, neighbour, edge };
}

/** Children before parents, so that a stack holds exactly the updates still to be used. */
function postorder(root: DissectionBlock, into: DissectionBlock[] = []): DissectionBlock[] {
  for (const child of root.children) postorder(child, into);
  into.push(root);
  return into;
}

/**
 * Later nodes that the block's pivots touch, directly or through its children, in elimination order. `marks` holds -1
 * everywhere before and after.
 */
function boundaryOf(
  block: DissectionBlock,
  order: Int32Array,
  adjacency: Adjacency,
  boundaries: ReadonlyMap<DissectionBlock, Int32Array>,
  marks: Int32Array,
): Int32Array {
  const last = order[block.nodes[block.nodes.length - 1]];
  const touched: number[] = [];
  const touch = (node: number) => {
    if (order[node] <= last || marks[node] >= 0) return;
    marks[node] = 0;
    touched.push(node);
  };
  for (const node of block.nodes) {
    for (let i = adjacency.first[node]; i < adjacency.first[node + 1]; i++) touch(adjacency.neighbour[i]);
  }
  for (const child of block.children) (boundaries.get(child) as Int32Array).forEach(touch);
  for (const node of touched) marks[node] = -1;
  return Int32Array.from(touched.sort((a, b) => order[a] - order[b]));
}
