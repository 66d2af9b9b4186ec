/**
 * Forward and back substitution on chosen fronts. Fronts in `list` (32-bit numbers, children before parents) are the only ones
 * visited: where nothing is injected below a front there is nothing to carry forward, and where nothing is wanted below it there
 * is nothing to bring back.
 */
import { nodesOf, panelOf, pivotsOf, sizeOf, square, strideOf } from './fronts';

/** L·y = b for one vector; x[node] is b before, y after. */
export function forwardOne(list: usize, count: i32, x: usize): void {
  const local = square;
  for (let i = 0; i < count; i++) {
    const front = load<i32>(list + ((<usize>i) << 2));
    const size = sizeOf(front);
    const pivots = pivotsOf(front);
    const stride = strideOf(size);
    const nodes = nodesOf(front);
    gatherOne(nodes, size, x, local);
    let column = panelOf(front);
    const end = local + stride;
    for (let pivot = 0; pivot < pivots; pivot++) {
      const own = (<usize>pivot) << 3;
      const value = load<f64>(local + own) * load<f64>(column + own);
      store<f64>(local + own, value);
      const factor = f64x2.splat(value);
      let at = local + own + 8;
      let source = column + own + 8;
      // Everything beyond `size` is room: the last pair may reach into it.
      for (; at < end; at += 16) {
        v128.store(at, f64x2.sub(v128.load(at), f64x2.mul(factor, v128.load(source))));
        source += 16;
      }
      column += stride;
    }
    for (let k = 0; k < size; k++) {
      const node = <usize>load<i32>(nodes + ((<usize>k) << 2));
      store<f64>(x + (node << 3), load<f64>(local + ((<usize>k) << 3)));
    }
  }
}

/** Lᵀ·x = y for one vector, parents before children: the list is walked from its end. */
export function backwardOne(list: usize, count: i32, x: usize): void {
  const local = square;
  for (let i = count - 1; i >= 0; i--) {
    const front = load<i32>(list + ((<usize>i) << 2));
    const size = sizeOf(front);
    const pivots = pivotsOf(front);
    const stride = strideOf(size);
    const nodes = nodesOf(front);
    gatherOne(nodes, size, x, local);
    let column = panelOf(front) + <usize>pivots * stride;
    const end = local + ((<usize>size) << 3);
    for (let pivot = pivots - 1; pivot >= 0; pivot--) {
      column -= stride;
      const own = (<usize>pivot) << 3;
      let at = local + own + 8;
      let source = column + own + 8;
      let pairs = f64x2.splat(0);
      for (; at + 8 < end; at += 16) {
        pairs = f64x2.add(pairs, f64x2.mul(v128.load(at), v128.load(source)));
        source += 16;
      }
      let sum = f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
      if (at < end) sum += load<f64>(at) * load<f64>(source);
      store<f64>(local + own, (load<f64>(local + own) - sum) * load<f64>(column + own));
    }
    for (let k = 0; k < pivots; k++) {
      const node = <usize>load<i32>(nodes + ((<usize>k) << 2));
      store<f64>(x + (node << 3), load<f64>(local + ((<usize>k) << 3)));
    }
  }
}

function gatherOne(nodes: usize, size: i32, x: usize, local: usize): void {
  for (let k = 0; k < size; k++) {
    const node = <usize>load<i32>(nodes + ((<usize>k) << 2));
    store<f64>(local + ((<usize>k) << 3), load<f64>(x + (node << 3)));
  }
}

/** L·Y = B for eight vectors; x[node × 8 + vector]. */
export function forwardEight(list: usize, count: i32, x: usize): void {
  const local = square;
  for (let i = 0; i < count; i++) {
    const front = load<i32>(list + ((<usize>i) << 2));
    const size = sizeOf(front);
    const pivots = pivotsOf(front);
    const stride = strideOf(size);
    const nodes = nodesOf(front);
    const panel = panelOf(front);
    gatherEight(nodes, size, x, local);
    for (let pivot = 0; pivot < pivots; pivot++) {
      solvePivot(local, pivot, panel + ((<usize>pivot) << 3), stride, 0, pivot, panel + <usize>pivot * (stride + 8));
    }
    const end = local + ((<usize>pivots) << 6);
    for (let row = pivots; row < size; row += 2) {
      subtractTwo(local + ((<usize>row) << 6), panel + ((<usize>row) << 3), 8, stride, local, end);
    }
    scatterEight(nodes, size, x, local);
  }
}

/** Lᵀ·X = Y for eight vectors. */
export function backwardEight(list: usize, count: i32, x: usize): void {
  const local = square;
  for (let i = count - 1; i >= 0; i--) {
    const front = load<i32>(list + ((<usize>i) << 2));
    const size = sizeOf(front);
    const pivots = pivotsOf(front);
    const stride = strideOf(size);
    const nodes = nodesOf(front);
    const panel = panelOf(front);
    gatherEight(nodes, size, x, local);
    const boundary = local + ((<usize>pivots) << 6);
    const end = local + ((<usize>size) << 6);
    const below = panel + ((<usize>pivots) << 3);
    let pivot = 0;
    for (; pivot + 2 <= pivots; pivot += 2) {
      subtractTwo(local + ((<usize>pivot) << 6), below + <usize>pivot * stride, stride, 8, boundary, end);
    }
    if (pivot < pivots) {
      solveRow(local + ((<usize>pivot) << 6), below + <usize>pivot * stride, 8, boundary, end, 1);
    }
    for (pivot = pivots - 1; pivot >= 0; pivot--) {
      const column = panel + <usize>pivot * stride;
      solvePivot(local, pivot, column, 8, pivot + 1, pivots, column + ((<usize>pivot) << 3));
    }
    scatterEight(nodes, pivots, x, local);
  }
}

/** One pivot's eight values less those of pivots `from` to `to`, times the inverse of its diagonal. */
// @ts-ignore: decorator
@inline
function solvePivot(local: usize, pivot: i32, factors: usize, step: usize, from: i32, to: i32, inverse: usize): void {
  solveRow(
    local + ((<usize>pivot) << 6),
    factors + <usize>from * step,
    step,
    local + ((<usize>from) << 6),
    local + ((<usize>to) << 6),
    load<f64>(inverse),
  );
}

/** target ← (target − Σ factor · source) · scale, sources from `source` to `end`, factors `step` bytes apart. */
// @ts-ignore: decorator
@inline
function solveRow(target: usize, factors: usize, step: usize, source: usize, end: usize, scale: f64): void {
  let s0 = v128.load(target);
  let s1 = v128.load(target, 16);
  let s2 = v128.load(target, 32);
  let s3 = v128.load(target, 48);
  for (; source < end; source += 64) {
    const y = v128.load64_splat(factors);
    s0 = f64x2.sub(s0, f64x2.mul(y, v128.load(source)));
    s1 = f64x2.sub(s1, f64x2.mul(y, v128.load(source, 16)));
    s2 = f64x2.sub(s2, f64x2.mul(y, v128.load(source, 32)));
    s3 = f64x2.sub(s3, f64x2.mul(y, v128.load(source, 48)));
    factors += step;
  }
  const factor = f64x2.splat(scale);
  v128.store(target, f64x2.mul(s0, factor));
  v128.store(target, f64x2.mul(s1, factor), 16);
  v128.store(target, f64x2.mul(s2, factor), 32);
  v128.store(target, f64x2.mul(s3, factor), 48);
}

/** Two targets behind one another, whose factors lie `apart` bytes from each other and `step` from source to source. */
// @ts-ignore: decorator
@inline
function subtractTwo(target: usize, factors: usize, apart: usize, step: usize, source: usize, end: usize): void {
  let s0 = v128.load(target);
  let s1 = v128.load(target, 16);
  let s2 = v128.load(target, 32);
  let s3 = v128.load(target, 48);
  let t0 = v128.load(target, 64);
  let t1 = v128.load(target, 80);
  let t2 = v128.load(target, 96);
  let t3 = v128.load(target, 112);
  for (; source < end; source += 64) {
    const x0 = v128.load(source);
    const x1 = v128.load(source, 16);
    const x2 = v128.load(source, 32);
    const x3 = v128.load(source, 48);
    let y = v128.load64_splat(factors);
    s0 = f64x2.sub(s0, f64x2.mul(y, x0));
    s1 = f64x2.sub(s1, f64x2.mul(y, x1));
    s2 = f64x2.sub(s2, f64x2.mul(y, x2));
    s3 = f64x2.sub(s3, f64x2.mul(y, x3));
    y = v128.load64_splat(factors + apart);
    t0 = f64x2.sub(t0, f64x2.mul(y, x0));
    t1 = f64x2.sub(t1, f64x2.mul(y, x1));
    t2 = f64x2.sub(t2, f64x2.mul(y, x2));
    t3 = f64x2.sub(t3, f64x2.mul(y, x3));
    factors += step;
  }
  v128.store(target, s0);
  v128.store(target, s1, 16);
  v128.store(target, s2, 32);
  v128.store(target, s3, 48);
  v128.store(target, t0, 64);
  v128.store(target, t1, 80);
  v128.store(target, t2, 96);
  v128.store(target, t3, 112);
}

function gatherEight(nodes: usize, size: i32, x: usize, local: usize): void {
  for (let k = 0; k < size; k++) {
    copyEight(local, x + ((<usize>load<i32>(nodes + ((<usize>k) << 2))) << 6));
    local += 64;
  }
}

function scatterEight(nodes: usize, count: i32, x: usize, local: usize): void {
  for (let k = 0; k < count; k++) {
    copyEight(x + ((<usize>load<i32>(nodes + ((<usize>k) << 2))) << 6), local);
    local += 64;
  }
}

// @ts-ignore: decorator
@inline
function copyEight(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}
