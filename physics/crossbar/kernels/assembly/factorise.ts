/** Numeric multifrontal Cholesky: A = L·Lᵀ, front by front, children before parents. */
import {
  childrenOf,
  entryCountOf,
  entryEdge,
  entryPosition,
  firstEntryOf,
  frontCount,
  nodesOf,
  panelOf,
  pivotsOf,
  placesOf,
  sizeOf,
  square,
  stack,
  strideOf,
  waiting,
} from './fronts';

/** Returns −1, or the node whose pivot is not positive. */
export function factorise(edgeSiemens: usize, diagonal: usize): i32 {
  let top = stack;
  let last = waiting;
  for (let front = 0; front < frontCount; front++) {
    const size = sizeOf(front);
    const pivots = pivotsOf(front);
    const stride = strideOf(size);
    memory.fill(square, 0, stride * (stride >>> 3));
    assemble(front, stride, pivots, edgeSiemens, diagonal);
    for (let child = childrenOf(front); child > 0; child--) {
      last -= 4;
      top = addChild(load<i32>(last), stride, top);
    }
    const failed = eliminate(size, pivots, stride);
    if (failed >= 0) return load<i32>(nodesOf(front) + ((<usize>failed) << 2));
    memory.copy(panelOf(front), square, stride * <usize>pivots);
    top = keepUpdate(size, pivots, stride, top);
    store<i32>(last, front);
    last += 4;
  }
  return -1;
}

function assemble(front: i32, stride: usize, pivots: i32, edgeSiemens: usize, diagonal: usize): void {
  const nodes = nodesOf(front);
  for (let i = 0; i < pivots; i++) {
    const node = <usize>load<i32>(nodes + ((<usize>i) << 2));
    store<f64>(square + <usize>i * (stride + 8), load<f64>(diagonal + (node << 3)));
  }
  const first = firstEntryOf(front);
  const end = first + entryCountOf(front);
  for (let entry = first; entry < end; entry++) {
    const position = entryPosition(entry);
    const at = square + <usize>(position >>> 16) * stride + ((<usize>(position & 0xffff)) << 3);
    store<f64>(at, load<f64>(at) - load<f64>(edgeSiemens + ((<usize>entryEdge(entry)) << 3)));
  }
}

/** Adds the update on top of the stack (lower triangle) to its parent's front; returns the new top. */
function addChild(child: i32, stride: usize, top: usize): usize {
  const count = sizeOf(child) - pivotsOf(child);
  const places = placesOf(child);
  const from = top - (((<usize>count * <usize>count)) << 3);
  for (let column = 0; column < count; column++) {
    const target = load<i32>(places + ((<usize>column) << 2));
    const source = from + ((<usize>(column * count)) << 3);
    const targetColumn = square + <usize>target * stride;
    for (let row = column; row < count; row++) {
      const other = load<i32>(places + ((<usize>row) << 2));
      // The lower triangle of the parent: the earlier place is the column.
      const at =
        other >= target
          ? targetColumn + ((<usize>other) << 3)
          : square + <usize>other * stride + ((<usize>target) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(source + ((<usize>row) << 3)));
    }
  }
  return from;
}

/** Copies what remains for the parent onto the stack; returns the new top. */
function keepUpdate(size: i32, pivots: i32, stride: usize, top: usize): usize {
  const count = <usize>(size - pivots);
  for (let column: usize = 0; column < count; column++) {
    const place = <usize>pivots + column;
    const own = column << 3;
    memory.copy(top + column * (count << 3) + own, square + place * stride + (place << 3), (count << 3) - own);
  }
  return top + ((count * count) << 3);
}

/**
 * Eliminates the pivots, four columns at a time: all earlier pivots are taken off the four, then they are factorised, and at the
 * end all pivots are taken off the rest. Returns −1, or the pivot that is not positive.
 */
function eliminate(size: i32, pivots: i32, stride: usize): i32 {
  const rows = <i32>(stride >>> 3);
  let first = 0;
  for (; first + 4 <= pivots; first += 4) {
    for (let row = first; row < rows; row += 4) tile(first, row, 0, first, stride);
    const failed = factoriseColumns(first, first + 4, rows, stride);
    if (failed >= 0) return failed;
  }
  // Fewer than four pivots left: with the columns behind them they make up four, which go on as part of the rest.
  if (first < pivots) {
    for (let row = first; row < rows; row += 4) tile(first, row, 0, first, stride);
    const failed = factoriseColumns(first, pivots, rows, stride);
    if (failed >= 0) return failed;
    for (let column = pivots; column < first + 4; column++) {
      for (let pivot = first; pivot < pivots; pivot++) takeOff(column, pivot, first, rows, stride);
    }
    first += 4;
  }
  for (let column = first; column < size; column += 4) {
    for (let row = column; row < rows; row += 4) tile(column, row, 0, pivots, stride);
  }
  return -1;
}

/** Cholesky of a few columns from which all earlier pivots are already taken off. */
function factoriseColumns(first: i32, end: i32, rows: i32, stride: usize): i32 {
  for (let pivot = first; pivot < end; pivot++) {
    for (let earlier = first; earlier < pivot; earlier++) takeOff(pivot, earlier, first, rows, stride);
    const column = square + <usize>pivot * stride;
    const diagonal = column + ((<usize>pivot) << 3);
    const value = load<f64>(diagonal);
    if (!(value > 0)) return pivot;
    const inverse = 1 / sqrt(value);
    const factor = f64x2.splat(inverse);
    const bottom = column + stride;
    for (let at = column + ((<usize>first) << 3); at < bottom; at += 16) {
      v128.store(at, f64x2.mul(v128.load(at), factor));
    }
    store<f64>(diagonal, inverse);
  }
  return -1;
}

/** Column `column` less column `pivot` times the pivot's entry in that row, from row `first` down. */
// @ts-ignore: decorator
@inline
function takeOff(column: i32, pivot: i32, first: i32, rows: i32, stride: usize): void {
  const from = square + <usize>pivot * stride;
  const factor = v128.load64_splat(from + ((<usize>column) << 3));
  let source = from + ((<usize>first) << 3);
  let target = square + <usize>column * stride + ((<usize>first) << 3);
  const bottom = from + ((<usize>rows) << 3);
  for (; source < bottom; source += 16) {
    v128.store(target, f64x2.sub(v128.load(target), f64x2.mul(factor, v128.load(source))));
    target += 16;
  }
}

/** Four columns × four rows less the products of their entries in pivots `from` to `to`. */
// @ts-ignore: decorator
@inline
function tile(column: i32, row: i32, from: i32, to: i32, stride: usize): void {
  let a = square + <usize>from * stride;
  const end = square + <usize>to * stride;
  const rowOffset = (<usize>row) << 3;
  const columnOffset = (<usize>column) << 3;
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (; a < end; a += stride) {
    const at = a + rowOffset;
    const x0 = v128.load(at);
    const x1 = v128.load(at, 16);
    const factors = a + columnOffset;
    let y = v128.load64_splat(factors);
    c00 = f64x2.add(c00, f64x2.mul(x0, y));
    c01 = f64x2.add(c01, f64x2.mul(x1, y));
    y = v128.load64_splat(factors, 8);
    c10 = f64x2.add(c10, f64x2.mul(x0, y));
    c11 = f64x2.add(c11, f64x2.mul(x1, y));
    y = v128.load64_splat(factors, 16);
    c20 = f64x2.add(c20, f64x2.mul(x0, y));
    c21 = f64x2.add(c21, f64x2.mul(x1, y));
    y = v128.load64_splat(factors, 24);
    c30 = f64x2.add(c30, f64x2.mul(x0, y));
    c31 = f64x2.add(c31, f64x2.mul(x1, y));
  }
  let c = square + columnOffset / 8 * stride + rowOffset;
  subtractFrom(c, c00, c01);
  c += stride;
  subtractFrom(c, c10, c11);
  c += stride;
  subtractFrom(c, c20, c21);
  c += stride;
  subtractFrom(c, c30, c31);
}

// @ts-ignore: decorator
@inline
function subtractFrom(at: usize, x0: v128, x1: v128): void {
  v128.store(at, f64x2.sub(v128.load(at), x0));
  v128.store(at, f64x2.sub(v128.load(at, 16), x1), 16);
}
