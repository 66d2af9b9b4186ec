import { type DissectionSink, dissect } from './nested-dissection.ts';

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
  readonly frontCount: number;
  /** FRONT_FIELDS integers for each front, children before parents; see `FRONT`. */
  readonly fronts: Int32Array;
  /** Node numbers of the fronts, one front after another: pivots first, then the boundary. */
  readonly frontNodes: Int32Array;
  /** For every boundary node its place in the parent's front; parallel to `frontNodes`. */
  readonly parentPlaces: Int32Array;
  /** Off-diagonal entries, front by front: column × 65536 + row in the front, and the edge. */
  readonly entryPositions: Uint32Array;
  readonly entryEdges: Int32Array;
  /** The front that eliminates each node, and the parent of each front (−1 for the last). */
  readonly frontOfNode: Int32Array;
  readonly parents: Int32Array;
  readonly largestFront: number;
  /** Numbers in the factor, and in the largest stack of pending updates. */
  readonly factorLength: number;
  readonly stackLength: number;
}

/** Places of a front's integers; `nodes`, `panel` and `entries` say where its part of the list begins. */
export const FRONT = { size: 0, pivots: 1, nodes: 2, panel: 3, entries: 4, entryCount: 5, children: 6 } as const;
export const FRONT_FIELDS = 8;

/** Numbers from one column of a front to the next: columns are rounded up to what the kernel takes at once. */
export const columnStride = (size: number): number => (size + 3) & ~3;

const analysed = new Map<string, SymbolicFactorisation>();

/** The symbolic factorisation of a rows × columns crossbar; remembered per geometry. */
export function symbolicFactorisation(rows: number, columns: number): SymbolicFactorisation {
  const key = `${rows}×${columns}`;
  const known = analysed.get(key);
  if (known) return known;
  const fronts = new FrontList(rows, columns);
  dissect(rows, columns, fronts);
  const fresh = fronts.finish();
  analysed.set(key, fresh);
  return fresh;
}

/** Writes fronts into flat lists as the dissection describes them. */
class FrontList implements DissectionSink {
  readonly #rows: number;
  readonly #columns: number;
  readonly #cells: number;
  readonly #fronts: Int32Array;
  readonly #parents: Int32Array;
  readonly #frontOfNode: Int32Array;
  readonly #entryPositions: Uint32Array;
  readonly #entryEdges: Int32Array;
  #nodes: Int32Array;
  #places: Int32Array;
  /** Fronts without a parent so far. */
  readonly #waiting: number[] = [];
  /** Place of a node in the front at hand; holds for a node only if the front has it there. */
  readonly #place: Int32Array;
  #front = 0;
  #first = 0;
  #end = 0;
  #pivots = 0;
  #entries = 0;
  #factorLength = 0;
  #stack = 0;
  #stackLength = 0;
  #largest = 0;

  constructor(rows: number, columns: number) {
    this.#rows = rows;
    this.#columns = columns;
    this.#cells = rows * columns;
    const nodes = 2 * this.#cells;
    // A front has a pivot at least; an edge is an entry of one front.
    this.#fronts = new Int32Array(FRONT_FIELDS * nodes);
    this.#parents = new Int32Array(nodes).fill(-1);
    this.#frontOfNode = new Int32Array(nodes);
    this.#entryPositions = new Uint32Array(2 * nodes);
    this.#entryEdges = new Int32Array(2 * nodes);
    this.#place = new Int32Array(nodes);
    this.#nodes = new Int32Array(8 * nodes);
    this.#places = new Int32Array(8 * nodes);
  }

  node(node: number): void {
    if (this.#end === this.#nodes.length) this.#grow();
    this.#nodes[this.#end] = node;
    this.#place[node] = this.#end - this.#first;
    this.#end += 1;
  }

  boundary(): void {
    this.#pivots = this.#end - this.#first;
  }

  close(children: number): void {
    const size = this.#end - this.#first;
    const rest = size - this.#pivots;
    this.#placeChildren(children);
    const entries = this.#entries;
    for (let column = 0; column < this.#pivots; column++) this.#listEntries(column, size);
    this.#fronts.set(
      [size, this.#pivots, this.#first, this.#factorLength, entries, this.#entries - entries, children],
      FRONT_FIELDS * this.#front,
    );
    this.#factorLength += columnStride(size) * this.#pivots;
    this.#largest = Math.max(this.#largest, size);
    this.#stack += rest * rest;
    this.#stackLength = Math.max(this.#stackLength, this.#stack);
    this.#waiting.push(this.#front);
    this.#front += 1;
    this.#first = this.#end;
  }

  finish(): SymbolicFactorisation {
    return {
      rows: this.#rows,
      columns: this.#columns,
      nodeCount: 2 * this.#cells,
      edgeCount: this.#entries,
      edgeNodes: edgesOf(this.#rows, this.#columns),
      frontCount: this.#front,
      fronts: this.#fronts.slice(0, FRONT_FIELDS * this.#front),
      frontNodes: this.#nodes.slice(0, this.#end),
      parentPlaces: this.#places.slice(0, this.#end),
      entryPositions: this.#entryPositions.slice(0, this.#entries),
      entryEdges: this.#entryEdges.slice(0, this.#entries),
      frontOfNode: this.#frontOfNode,
      parents: this.#parents.slice(0, this.#front),
      largestFront: this.#largest,
      factorLength: this.#factorLength,
      stackLength: this.#stackLength,
    };
  }

  /** Where the children's boundaries lie in this front, and their updates off the stack. */
  #placeChildren(children: number): void {
    for (let k = 0; k < children; k++) {
      const child = this.#waiting.pop() as number;
      this.#parents[child] = this.#front;
      const at = FRONT_FIELDS * child;
      const first = this.#fronts[at + FRONT.nodes];
      const size = this.#fronts[at + FRONT.size];
      const pivots = this.#fronts[at + FRONT.pivots];
      for (let i = first + pivots; i < first + size; i++) this.#places[i] = this.#place[this.#nodes[i]];
      this.#stack -= (size - pivots) ** 2;
    }
  }

  /** The edges from a pivot to later nodes of the front. */
  #listEntries(column: number, size: number): void {
    const node = this.#nodes[this.#first + column];
    this.#frontOfNode[node] = this.#front;
    const columns = this.#columns;
    const cells = this.#cells;
    const cell = node < cells ? node : node - cells;
    const row = Math.floor(cell / columns);
    const across = cell - row * columns;
    this.#listEntry(column, size, node < cells ? node + cells : cell, cell);
    if (node < cells) {
      const edge = cells + row * (columns - 1) + across;
      if (across > 0) this.#listEntry(column, size, node - 1, edge - 1);
      if (across + 1 < columns) this.#listEntry(column, size, node + 1, edge);
    } else {
      const edge = cells + this.#rows * (columns - 1) + cell;
      if (row > 0) this.#listEntry(column, size, node - columns, edge - columns);
      if (row + 1 < this.#rows) this.#listEntry(column, size, node + columns, edge);
    }
  }

  #listEntry(column: number, size: number, neighbour: number, edge: number): void {
    const place = this.#place[neighbour];
    // A neighbour that is not here, or not later, has this edge among its own entries.
    if (place <= column || place >= size || this.#nodes[this.#first + place] !== neighbour) return;
    this.#entryPositions[this.#entries] = column * 65536 + place;
    this.#entryEdges[this.#entries] = edge;
    this.#entries += 1;
  }

  #grow(): void {
    const nodes = new Int32Array(2 * this.#nodes.length);
    nodes.set(this.#nodes);
    this.#nodes = nodes;
    const places = new Int32Array(nodes.length);
    places.set(this.#places);
    this.#places = places;
  }
}

/** Cells, then row segments (row × (columns − 1) + column), then column segments (row × columns + column). */
function edgesOf(rows: number, columns: number): Int32Array {
  const cells = rows * columns;
  const edges = new Int32Array(2 * (cells + rows * (columns - 1) + (rows - 1) * columns));
  let at = 0;
  const add = (a: number, b: number) => {
    edges[at++] = a;
    edges[at++] = b;
  };
  for (let cell = 0; cell < cells; cell++) add(cell, cells + cell);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) add(row * columns + column, row * columns + column + 1);
  }
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column < columns; column++) {
      add(cells + row * columns + column, cells + (row + 1) * columns + column);
    }
  }
  return edges;
}
