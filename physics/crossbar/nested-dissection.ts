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

/** Takes blocks of nodes that are eliminated together, children before parents. */
export interface DissectionSink {
  /** A node of the block being described: first those eliminated with it, then, after `boundary`, the later ones they touch. */
  node(node: number): void;
  boundary(): void;
  /** The block is complete; its children are the last `children` blocks that have no parent yet. */
  close(children: number): void;
}

/** Blocks of at most this many cells are not cut further: small dense fronts are cheaper than deeper trees. */
const LEAF_CELLS = 8;

/** Pieces of a single line of at most this many nodes are not cut further. */
const LEAF_CHAIN = 8;

export function dissect(rows: number, columns: number, sink: DissectionSink): void {
  const cells = rows * columns;

  /** Row-line nodes of a column, and column-line nodes of a row. */
  const alongColumn = (column: number, r0: number, r1: number) => {
    for (let row = r0; row < r1; row++) sink.node(row * columns + column);
  };
  const alongRow = (row: number, c0: number, c1: number) => {
    for (let column = c0; column < c1; column++) sink.node(cells + row * columns + column);
  };

  /**
   * Nodes of one line between two separators: they touch their neighbours on the line and the other node of their cell. A
   * line of columns is walked from row `from` to `to`, a line of rows likewise from column to column.
   */
  function chain(line: 'row' | 'column', index: number, from: number, to: number): void {
    const own = (at: number) => (line === 'row' ? index * columns + at : cells + at * columns + index);
    const other = (at: number) => (line === 'row' ? cells + index * columns + at : at * columns + index);
    const length = line === 'row' ? columns : rows;
    if (to - from <= LEAF_CHAIN) {
      for (let at = from; at < to; at++) sink.node(own(at));
    } else {
      const middle = (from + to) >> 1;
      chain(line, index, from, middle);
      chain(line, index, middle + 1, to);
      sink.node(own(middle));
    }
    sink.boundary();
    for (let at = from; at < to; at++) sink.node(other(at));
    if (from > 0) sink.node(own(from - 1));
    if (to < length) sink.node(own(to));
    sink.close(to - from <= LEAF_CHAIN ? 0 : 2);
  }

  /** The cells of rows r0…r1−1 and columns c0…c1−1, both nodes each; returns the number of blocks without a parent, 0 or 1. */
  function block(r0: number, r1: number, c0: number, c1: number): number {
    const height = r1 - r0;
    const width = c1 - c0;
    if (height <= 0 || width <= 0) return 0;
    let children = 0;
    if (height * width <= LEAF_CELLS || (height === 1 && width === 1)) {
      for (let row = r0; row < r1; row++) {
        for (let cell = row * columns + c0; cell < row * columns + c1; cell++) {
          sink.node(cell);
          sink.node(cells + cell);
        }
      }
    } else if (width >= height) {
      const cut = c0 + (width >> 1);
      children = block(r0, r1, c0, cut) + block(r0, r1, cut + 1, c1) + 1;
      chain('column', cut, r0, r1);
      alongColumn(cut, r0, r1);
    } else {
      const cut = r0 + (height >> 1);
      children = block(r0, cut, c0, c1) + block(cut + 1, r1, c0, c1) + 1;
      chain('row', cut, c0, c1);
      alongRow(cut, c0, c1);
    }
    // What is around the block was cut earlier and is eliminated later: separators on all sides that have a neighbour.
    sink.boundary();
    if (c0 > 0) alongColumn(c0 - 1, r0, r1);
    if (c1 < columns) alongColumn(c1, r0, r1);
    if (r0 > 0) alongRow(r0 - 1, c0, c1);
    if (r1 < rows) alongRow(r1, c0, c1);
    sink.close(children);
    return 1;
  }

  block(0, rows, 0, columns);
}
