import { hyperbolicTangent, larger, smaller } from './arithmetic';
import { correctHiddenInput } from './defects';
import {
  activations,
  batch,
  batchRows,
  columnBytes,
  columnEnd,
  columns,
  gradient,
  hiddenError,
  hiddenRow,
  imageEntries,
  imageStart,
  inputs,
  order,
  slotBytes,
  slotOf,
  weights,
} from './memory';
import { weightedSum } from './weighted-sum';

export const TANH: i32 = 0;
export const HARD_TANH: i32 = 1;
export const RELU: i32 = 2;

/** Hidden inputs of the batch, defects of each image's own map included, then the activation. */
export function hiddenForward(used: u32, gain: f32, activation: i32, withDefects: bool): void {
  for (let b: u32 = 0; b < used; b++) {
    const image = imageStart + (<usize>load<u32>(order + (<usize>b << 2)) << 2);
    const out = activations + <usize>b * hiddenRow;
    weightedSum(imageEntries + load<u32>(image), imageEntries + load<u32>(image, 4), weights, out);
    if (withDefects) correctHiddenInput(b, out);
  }
  if ((used & 1) != 0) memory.fill(activations + <usize>used * hiddenRow, 0, hiddenRow);
  activate(((used + 1) & ~1) * <u32>hiddenRow, gain, activation);
}

function activate(bytes: u32, gain: f32, activation: i32): void {
  const g = f32x4.splat(gain);
  const end = activations + bytes;
  if (activation == TANH) {
    for (let at = activations; at < end; at += 16) {
      v128.store(at, hyperbolicTangent(f32x4.mul(g, v128.load(at))));
    }
  } else if (activation == HARD_TANH) {
    for (let at = activations; at < end; at += 16) {
      const a = f32x4.mul(g, v128.load(at));
      v128.store(at, larger(f32x4.splat(-1), smaller(f32x4.splat(1), a)));
    }
  } else {
    for (let at = activations; at < end; at += 16) {
      v128.store(at, larger(f32x4.splat(0), f32x4.mul(g, v128.load(at))));
    }
  }
}

/**
 * Turns the error at the hidden activations into the error at the weighted sums: times the activation's slope, which
 * all three activations give away by their value, times the gain.
 */
export function throughActivation(gain: f32, activation: i32): void {
  const g = f32x4.splat(gain);
  const one = f32x4.splat(1);
  const bytes = <usize>batchRows * hiddenRow;
  for (let at: usize = 0; at < bytes; at += 16) {
    const h = v128.load(activations + at);
    const e = f32x4.mul(g, v128.load(hiddenError + at));
    let error: v128;
    if (activation == TANH) error = f32x4.mul(e, f32x4.sub(one, f32x4.mul(h, h)));
    else if (activation == HARD_TANH) error = v128.and(e, f32x4.lt(f32x4.abs(h), one));
    else error = v128.and(e, f32x4.gt(h, f32x4.splat(0)));
    v128.store(hiddenError + at, error);
  }
}

/**
 * Lists, for each pixel, the images of the batch in which it is not 0. Done before the forward pass, for speed: it does
 * so little per image that the processor runs ahead, and fetches the next images from memory meanwhile.
 */
export function listColumns(): void {
  for (let p: usize = 0; p < inputs; p++) store<u32>(columnEnd + p * slotBytes, <u32>(columns + p * columnBytes));
  const row = <u32>hiddenRow;
  let error: u32 = 0;
  for (let b: usize = 0; b < batch; b++) {
    const image = imageStart + (<usize>load<u32>(order + (b << 2)) << 2);
    const end = imageEntries + load<u32>(image, 4);
    for (let entry = imageEntries + load<u32>(image); entry < end; entry += 8) {
      const cursor = columnEnd + slotOf(load<u32>(entry));
      const at = <usize>load<u32>(cursor);
      store<u32>(at, error);
      store<u32>(at, load<u32>(entry, 4), 4);
      store<u32>(cursor, <u32>at + 8);
    }
    error += row;
  }
}

/** Gradient of layer 1, one input row at a time, over the images in which that pixel is not 0. */
export function hiddenGradient(): void {
  for (let p: usize = 0; p < inputs; p++) {
    const end = load<u32>(columnEnd + p * slotBytes);
    weightedSum(columns + p * columnBytes, end, hiddenError, gradient + p * hiddenRow);
  }
}
