/**
 * Elimination order of a crossbar's nodes, from its geometry alone.
 *
 * Each cell has two nodes: one on its row line (number row × columns + column), one on its column line (cells + the
 * same). Row-line nodes touch their neighbours along the row, column-line nodes along the column, and the two nodes of a cell
 * touch each other. A vertical cut therefore needs only the row-line nodes of one column as separator, and a
 * horizontal cut only the column-line nodes of one row: half of what a general two-dimensional grid needs.
 *
 * A. George, "Nested dissection of a regular finite element mesh", SIAM J. Numer. Anal. 10 (1973).
 */

/** A block of nodes eliminated together, after all its children. */
export interface DissectionBlock {
  readonly nodes: readonly number[];
  readonly children: readonly DissectionBlock[];
}

/** Blocks of at most this many cells are not cut further: small dense fronts are cheaper than deeper trees. */
const LEAF_CELLS = 8;

/** Pieces of a single line of at most this many nodes are not cut further. */
const LEAF_CHAIN = 8;

export function nestedDissection(rows: number, columns: number): DissectionBlock {
  const cells = rows * columns;
  const rowNode = (row: number, column: number) => row * columns + column;
  const columnNode = (row: number, column: number) => cells + row * columns + column;

  /** Nodes of one line between two separators; each touches only its line neighbours and the separators. */
  function chain(nodes: readonly number[]): DissectionBlock {
    if (nodes.length <= LEAF_CHAIN) return { nodes, children: [] };
    const middle = nodes.length >> 1;
    return { nodes: [nodes[middle]], children: [chain(nodes.slice(0, middle)), chain(nodes.slice(middle + 1))] };
  }

  /** The cells of rows r0…r1−1 and columns c0…c1−1, both nodes each. */
  function block(r0: number, r1: number, c0: number, c1: number): DissectionBlock[] {
    const height = r1 - r0;
    const width = c1 - c0;
    if (height <= 0 || width <= 0) return [];
    if (height * width <= LEAF_CELLS || (height === 1 && width === 1)) return [leaf(r0, r1, c0, c1)];
    if (width >= height) {
      const cut = c0 + (width >> 1);
      const separator = Array.from({ length: height }, (_, i) => rowNode(r0 + i, cut));
      const between = chain(Array.from({ length: height }, (_, i) => columnNode(r0 + i, cut)));
      return [{ nodes: separator, children: [...block(r0, r1, c0, cut), ...block(r0, r1, cut + 1, c1), between] }];
    }
    const cut = r0 + (height >> 1);
    const separator = Array.from({ length: width }, (_, i) => columnNode(cut, c0 + i));
    const between = chain(Array.from({ length: width }, (_, i) => rowNode(cut, c0 + i)));
    return [{ nodes: separator, children: [...block(r0, cut, c0, c1), ...block(cut + 1, r1, c0, c1), between] }];
  }

  function leaf(r0: number, r1: number, c0: number, c1: number): DissectionBlock {
    const nodes: number[] = [];
    for (let row = r0; row < r1; row++) {
      for (let column = c0; column < c1; column++) nodes.push(rowNode(row, column), columnNode(row, column));
    }
    return { nodes, children: [] };
  }

  const [root] = block(0, rows, 0, columns);
  return root;
}
