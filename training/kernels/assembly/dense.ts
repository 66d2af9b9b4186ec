/**
 * Dense products of whole batches, for networks whose weights are read from an array as real numbers and stay as they
 * are during a batch. The host lays out memory and calls these one after another.
 */
import { hyperbolicTangent, multiplyAdd } from './arithmetic';

/** Zeroed memory on a cache line; never given back before the instance is. */
let top: usize = 0;

export function reserveBytes(bytes: usize): usize {
  if (top == 0) top = (__heap_base + 63) & ~63;
  const address = top;
  top = (top + bytes + 63) & ~63;
  const pages = <i32>((top + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  return address;
}

/**
 * C = A·B in tiles of 4 × 8. A's element (i, d) lies at i × aRow + d × aDepth bytes, so that one function serves A and
 * its transpose; rows of B and C are bRow and cRow bytes apart. rows is a multiple of 4, columns of 8.
 */
export function product(
  c: usize,
  a: usize,
  b: usize,
  rows: u32,
  depth: u32,
  columns: u32,
  aRow: usize,
  aDepth: usize,
  bRow: usize,
  cRow: usize,
): void {
  for (let i: u32 = 0; i < rows; i += 4) {
    for (let j: u32 = 0; j < columns; j += 8) {
      tile(
        c + <usize>i * cRow + ((<usize>j) << 2),
        a + <usize>i * aRow,
        b + ((<usize>j) << 2),
        depth,
        aRow,
        aDepth,
        bRow,
        cRow,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function tile(c: usize, a: usize, b: usize, depth: u32, aRow: usize, aDepth: usize, bRow: usize, cRow: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const a1 = aRow;
  const a2 = aRow << 1;
  const a3 = a1 + a2;
  for (let d: u32 = 0; d < depth; d++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a + a1);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a + a2);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a + a3);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    a += aDepth;
    b += bRow;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cRow;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cRow;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cRow;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** x ← tanh(gain·x) for `count` values, a multiple of 4. */
export function activate(at: usize, count: u32, gain: f32): void {
  const scale = f32x4.splat(gain);
  const end = at + ((<usize>count) << 2);
  for (; at < end; at += 16) v128.store(at, hyperbolicTangent(f32x4.mul(scale, v128.load(at))));
}

/** error ← error·gain·(1 − h²): from the activation h = tanh(gain·x) back to x. `count` is a multiple of 4. */
export function throughActivation(error: usize, activation: usize, count: u32, gain: f32): void {
  const one = f32x4.splat(1);
  const scale = f32x4.splat(gain);
  const end = error + ((<usize>count) << 2);
  for (; error < end; error += 16) {
    const h = v128.load(activation);
    const slope = f32x4.mul(scale, f32x4.sub(one, f32x4.mul(h, h)));
    v128.store(error, f32x4.mul(v128.load(error), slope));
    activation += 16;
  }
}
