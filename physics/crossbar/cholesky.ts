import type { Front, SymbolicFactorisation } from './symbolic-factorisation.ts';

/** The numeric factor L of A = L·Lᵀ, front by front; solve with `solveInPlace`. */
export interface CholeskyFactor {
  readonly symbolic: SymbolicFactorisation;
  readonly panels: Float64Array;
}

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
  const diagonal = Float64Array.from(fixedSiemens);
  const { edgeNodes } = symbolic;
  for (let edge = 0; edge < symbolic.edgeCount; edge++) {
    diagonal[edgeNodes[2 * edge]] += edgeSiemens[edge];
    diagonal[edgeNodes[2 * edge + 1]] += edgeSiemens[edge];
  }

  const panels = new Float64Array(symbolic.factorLength);
  const square = new Float64Array(symbolic.largestFront ** 2);
  const stack = new Float64Array(symbolic.stackLength);
  let top = 0;
  for (const front of symbolic.fronts) {
    const size = front.nodes.length;
    square.fill(0, 0, size * size);
    for (let i = 0; i < front.pivots; i++) square[i * size + i] = diagonal[front.nodes[i]];
    for (let i = 0; i < front.entryEdge.length; i++) {
      square[front.entryPosition[i]] -= edgeSiemens[front.entryEdge[i]];
    }
    top = addChildren(front, square, stack, top);
    eliminate(square, size, front.pivots);
    panels.set(square.subarray(0, size * front.pivots), front.factorStart);
    top = pushUpdate(square, size, front.pivots, stack, top);
  }
  return { symbolic, panels };
}

/** Adds the children's updates (lower triangles) from the top of the stack; returns the new top. */
function addChildren(front: Front, square: Float64Array, stack: Float64Array, top: number): number {
  const size = front.nodes.length;
  let place = top;
  for (let child = front.children.length - 1; child >= 0; child--) {
    const rows = front.children[child].place;
    const count = rows.length;
    place -= count * count;
    for (let column = 0; column < count; column++) {
      const target = rows[column];
      const source = place + column * count;
      for (let row = column; row < count; row++) {
        const other = rows[row];
        // The lower triangle of the parent: the earlier place is the column.
        if (other >= target) square[target * size + other] += stack[source + row];
        else square[other * size + target] += stack[source + row];
      }
    }
  }
  return place;
}

/** Copies what remains for the parent onto the stack; returns the new top. */
function pushUpdate(square: Float64Array, size: number, pivots: number, stack: Float64Array, top: number): number {
  const count = size - pivots;
  for (let column = 0; column < count; column++) {
    const source = (pivots + column) * size + pivots;
    const target = top + column * count;
    for (let row = column; row < count; row++) stack[target + row] = square[source + row];
  }
  return top + count * count;
}

/**
 * Dense Cholesky of the first `pivots` columns of a size × size lower triangle (column by column), and the update of
 * the rest. Four pivots at a time: one pass over the rest does the work of four.
 */
function eliminate(a: Float64Array, size: number, pivots: number): void {
  for (let first = 0; first < pivots; first += 4) {
    const end = Math.min(first + 4, pivots);
    for (let pivot = first; pivot < end; pivot++) {
      scaleColumn(a, size, pivot);
      for (let column = pivot + 1; column < end; column++) subtractOne(a, size, pivot, column);
    }
    if (end - first === 4) {
      for (let column = end; column < size; column++) subtractFour(a, size, first, column);
    } else {
      for (let column = end; column < size; column++) {
        for (let pivot = first; pivot < end; pivot++) subtractOne(a, size, pivot, column);
      }
    }
  }
}

function scaleColumn(a: Float64Array, size: number, pivot: number): void {
  const start = pivot * size;
  const value = a[start + pivot];
  if (!(value > 0))
    throw new RangeError(`pivot ${value} is not positive: part of the network reaches no fixed potential`);
  const root = Math.sqrt(value);
  a[start + pivot] = root;
  const inverse = 1 / root;
  for (let i = start + pivot + 1; i < start + size; i++) a[i] *= inverse;
}

function subtractOne(a: Float64Array, size: number, pivot: number, column: number): void {
  const p = pivot * size;
  const c = column * size;
  const factor = a[p + column];
  if (factor === 0) return;
  for (let i = column; i < size; i++) a[c + i] -= factor * a[p + i];
}

function subtractFour(a: Float64Array, size: number, first: number, column: number): void {
  const p0 = first * size;
  const p1 = p0 + size;
  const p2 = p1 + size;
  const p3 = p2 + size;
  const f0 = a[p0 + column];
  const f1 = a[p1 + column];
  const f2 = a[p2 + column];
  const f3 = a[p3 + column];
  if (f0 === 0 && f1 === 0 && f2 === 0 && f3 === 0) return;
  const c = column * size;
  for (let i = column; i < size; i++) {
    a[c + i] -= f0 * a[p0 + i] + f1 * a[p1 + i] + f2 * a[p2 + i] + f3 * a[p3 + i];
  }
}

/**
 * Solves A·X = B in place. `x` holds `count` right-hand sides interleaved: x[node × count + k].
 */
export function solveInPlace({ symbolic, panels }: CholeskyFactor, x: Float64Array, count: number): void {
  const local = new Float64Array(symbolic.largestFront * count);
  for (const front of symbolic.fronts) {
    gather(front, x, local, count);
    forward(front, panels, local, count);
    scatter(front, x, local, count, front.nodes.length);
  }
  for (let i = symbolic.fronts.length - 1; i >= 0; i--) {
    const front = symbolic.fronts[i];
    gather(front, x, local, count);
    backward(front, panels, local, count);
    scatter(front, x, local, count, front.pivots);
  }
}

function gather(front: Front, x: Float64Array, local: Float64Array, count: number): void {
  for (let i = 0; i < front.nodes.length; i++) {
    const source = front.nodes[i] * count;
    for (let k = 0; k < count; k++) local[i * count + k] = x[source + k];
  }
}

function scatter(front: Front, x: Float64Array, local: Float64Array, count: number, nodes: number): void {
  for (let i = 0; i < nodes; i++) {
    const target = front.nodes[i] * count;
    for (let k = 0; k < count; k++) x[target + k] = local[i * count + k];
  }
}

/** L·y = b on one front; four pivots share one pass over the rest. */
function forward(front: Front, panels: Float64Array, y: Float64Array, count: number): void {
  const size = front.nodes.length;
  for (let first = 0; first < front.pivots; first += 4) {
    const end = Math.min(first + 4, front.pivots);
    for (let pivot = first; pivot < end; pivot++) {
      const column = front.factorStart + pivot * size;
      scaleRow(y, pivot * count, count, 1 / panels[column + pivot]);
      for (let i = pivot + 1; i < end; i++) subtractRow(y, i * count, pivot * count, count, panels[column + i]);
    }
    const column = front.factorStart + first * size;
    for (let i = end; i < size; i++) {
      if (end - first === 4) {
        const at = column + i;
        subtractFourRows(
          y,
          i * count,
          first * count,
          count,
          panels[at],
          panels[at + size],
          panels[at + 2 * size],
          panels[at + 3 * size],
        );
      } else {
        for (let pivot = first; pivot < end; pivot++) {
          subtractRow(y, i * count, pivot * count, count, panels[front.factorStart + pivot * size + i]);
        }
      }
    }
  }
}

/** Lᵀ·x = y on one front; four later rows are taken off a pivot at a time. */
function backward(front: Front, panels: Float64Array, x: Float64Array, count: number): void {
  const size = front.nodes.length;
  for (let pivot = front.pivots - 1; pivot >= 0; pivot--) {
    const column = front.factorStart + pivot * size;
    const p = pivot * count;
    let i = pivot + 1;
    for (; i + 4 <= size; i += 4) {
      const at = column + i;
      subtractFourRows(x, p, i * count, count, panels[at], panels[at + 1], panels[at + 2], panels[at + 3]);
    }
    for (; i < size; i++) subtractRow(x, p, i * count, count, panels[column + i]);
    scaleRow(x, p, count, 1 / panels[column + pivot]);
  }
}

function scaleRow(x: Float64Array, row: number, count: number, factor: number): void {
  for (let k = 0; k < count; k++) x[row + k] *= factor;
}

function subtractRow(x: Float64Array, target: number, source: number, count: number, factor: number): void {
  for (let k = 0; k < count; k++) x[target + k] -= factor * x[source + k];
}

/** The four source rows lie behind one another. */
function subtractFourRows(
  x: Float64Array,
  target: number,
  source: number,
  count: number,
  f0: number,
  f1: number,
  f2: number,
  f3: number,
): void {
  const s1 = source + count;
  const s2 = s1 + count;
  const s3 = s2 + count;
  for (let k = 0; k < count; k++) {
    x[target + k] -= f0 * x[source + k] + f1 * x[s1 + k] + f2 * x[s2 + k] + f3 * x[s3 + k];
  }
}
