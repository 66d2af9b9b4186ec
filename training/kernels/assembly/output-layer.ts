import { exponential, larger, multiplyAdd } from './arithmetic';
import {
  activations,
  batch,
  batchRows,
  gradient,
  hidden,
  hiddenError,
  hiddenRow,
  inputs,
  labels,
  order,
  outputBias,
  outputError,
  outputMask,
  outputPairs,
  outputRow,
  outputs,
  weights2,
  weights2Forward,
} from './memory';

/** Weighted sums of the output layer, without the gain: two images at a time share the loads of the weights. */
export function outputForward(used: u32): void {
  for (let b: u32 = 0; b < used; b += 2) {
    const h = activations + <usize>b * hiddenRow;
    const out = outputError + <usize>b * outputRow;
    for (let lane: usize = 0; lane < outputRow; lane += 48) sumOf12(h, weights2Forward + lane, out + lane);
  }
}

function sumOf12(h: usize, row: usize, out: usize): void {
  const stride = outputRow;
  const next = hiddenRow;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  const end = h + (<usize>hidden << 2);
  for (; h < end; h += 4) {
    const ha = v128.load32_splat(h);
    const hb = v128.load32_splat(h + next);
    const w0 = v128.load(row, 0);
    a0 = multiplyAdd(ha, w0, a0);
    b0 = multiplyAdd(hb, w0, b0);
    const w1 = v128.load(row, 16);
    a1 = multiplyAdd(ha, w1, a1);
    b1 = multiplyAdd(hb, w1, b1);
    const w2 = v128.load(row, 32);
    a2 = multiplyAdd(ha, w2, a2);
    b2 = multiplyAdd(hb, w2, b2);
    row += stride;
  }
  v128.store(out, a0, 0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out + stride, b0, 0);
  v128.store(out + stride, b1, 16);
  v128.store(out + stride, b2, 32);
}

/**
 * Softmax cross-entropy: returns the sum of the losses over the batch and leaves, in place of the weighted sums,
 * gain × (softmax − target) / batch: the error with respect to the ungained sum.
 */
export function lossAndError(gain: f32): f64 {
  const g = f32x4.splat(gain);
  const share = f32x4.splat(gain / <f32>batch);
  let total: f64 = 0;
  for (let b: u32 = 0; b < batch; b++) {
    const row = outputError + <usize>b * outputRow;
    const label = <usize>load<u8>(labels + load<u32>(order + (<usize>b << 2)));

    let largest = f32x4.splat(-1e30);
    for (let k: usize = 0; k < outputRow; k += 16) {
      const z = multiplyAdd(g, v128.load(row + k), v128.load(outputBias + k));
      v128.store(row + k, z);
      largest = larger(largest, z);
    }
    largest = larger(largest, i32x4.shuffle(largest, largest, 2, 3, 0, 1));
    largest = larger(largest, i32x4.shuffle(largest, largest, 1, 0, 3, 2));

    const atLabel = load<f32>(row + (label << 2)) - f32x4.extract_lane(largest, 0);
    let sum = f32x4.splat(0);
    for (let k: usize = 0; k < outputRow; k += 16) {
      const z = f32x4.sub(v128.load(row + k), largest);
      const e = f32x4.mul(exponential(z), v128.load(outputMask + k));
      v128.store(row + k, e);
      sum = f32x4.add(sum, e);
    }
    sum = f32x4.add(sum, i32x4.shuffle(sum, sum, 2, 3, 0, 1));
    sum = f32x4.add(sum, i32x4.shuffle(sum, sum, 1, 0, 3, 2));
    total += <f64>(Mathf.log(f32x4.extract_lane(sum, 0)) - atLabel);

    const factor = f32x4.div(share, sum);
    for (let k: usize = 0; k < outputRow; k += 16) v128.store(row + k, f32x4.mul(factor, v128.load(row + k)));
    const target = row + (label << 2);
    store<f32>(target, load<f32>(target) - gain / <f32>batch);
  }
  if ((batch & 1) != 0) memory.fill(outputError + <usize>batch * outputRow, 0, outputRow);
  return total;
}

/** Error at the hidden activations: two images and sixteen hidden units at a time. */
export function outputBackward(): void {
  for (let b: usize = 0; b < batchRows; b += 2) {
    const d = outputError + b * outputRow;
    const out = hiddenError + b * hiddenRow;
    for (let lane: usize = 0; lane < hiddenRow; lane += 64) errorOf16(d, weights2 + lane, out + lane);
  }
}

function errorOf16(d: usize, row: usize, out: usize): void {
  const next = outputRow;
  const stride = hiddenRow;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  const end = d + (<usize>outputs << 2);
  for (; d < end; d += 4) {
    const da = v128.load32_splat(d);
    const db = v128.load32_splat(d + next);
    const w0 = v128.load(row, 0);
    a0 = multiplyAdd(da, w0, a0);
    b0 = multiplyAdd(db, w0, b0);
    const w1 = v128.load(row, 16);
    a1 = multiplyAdd(da, w1, a1);
    b1 = multiplyAdd(db, w1, b1);
    const w2 = v128.load(row, 32);
    a2 = multiplyAdd(da, w2, a2);
    b2 = multiplyAdd(db, w2, b2);
    const w3 = v128.load(row, 48);
    a3 = multiplyAdd(da, w3, a3);
    b3 = multiplyAdd(db, w3, b3);
    row += stride;
  }
  v128.store(out, a0, 0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out + stride, b0, 0);
  v128.store(out + stride, b1, 16);
  v128.store(out + stride, b2, 32);
  v128.store(out + stride, b3, 48);
}

/** Gradient of layer 2: two outputs and sixteen hidden units at a time, over all images. */
export function outputGradient(): void {
  for (let k: usize = 0; k < outputPairs; k += 2) {
    const out = gradient + (<usize>inputs + k) * hiddenRow;
    for (let lane: usize = 0; lane < hiddenRow; lane += 64) {
      gradientOf16(outputError + (k << 2), activations + lane, out + lane);
    }
  }
}

function gradientOf16(d: usize, h: usize, out: usize): void {
  const stride = hiddenRow;
  const next = outputRow;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  const end = h + <usize>batchRows * stride;
  for (; h < end; h += stride) {
    const da = v128.load32_splat(d, 0);
    const db = v128.load32_splat(d, 4);
    const h0 = v128.load(h, 0);
    a0 = multiplyAdd(da, h0, a0);
    b0 = multiplyAdd(db, h0, b0);
    const h1 = v128.load(h, 16);
    a1 = multiplyAdd(da, h1, a1);
    b1 = multiplyAdd(db, h1, b1);
    const h2 = v128.load(h, 32);
    a2 = multiplyAdd(da, h2, a2);
    b2 = multiplyAdd(db, h2, b2);
    const h3 = v128.load(h, 48);
    a3 = multiplyAdd(da, h3, a3);
    b3 = multiplyAdd(db, h3, b3);
    d += next;
  }
  v128.store(out, a0, 0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out + stride, b0, 0);
  v128.store(out + stride, b1, 16);
  v128.store(out + stride, b2, 32);
  v128.store(out + stride, b3, 48);
}
