import { larger, multiplyAdd, smaller } from './arithmetic';
import {
  gradient,
  hidden,
  hiddenRow,
  latent,
  moment1,
  moment2,
  outputRow,
  outputs,
  parameters,
  weights,
  weights2,
  weights2Forward,
} from './memory';

/** Effective weight of a perfect array: the sign of the latent weight, +1 for 0. */
// @ts-ignore: decorator
@inline
function signOf(latent: v128): v128 {
  return v128.bitselect(f32x4.splat(1), f32x4.splat(-1), f32x4.ge(latent, f32x4.splat(0)));
}

/**
 * Adam (Kingma and Ba, 2015) on the latent weights, which are then clipped to ±clip and binarised. `rate` carries the
 * bias correction of the first moment, `secondScale` = 1 / √(1 − β₂ᵗ) that of the second.
 */
export function adam(rate: f32, beta1: f32, beta2: f32, secondScale: f32, epsilon: f32, clip: f32): void {
  const keep1 = f32x4.splat(beta1);
  const keep2 = f32x4.splat(beta2);
  const take1 = f32x4.splat(1 - beta1);
  const take2 = f32x4.splat(1 - beta2);
  const scale = f32x4.splat(secondScale);
  const small = f32x4.splat(epsilon);
  const stride = f32x4.splat(rate);
  const upper = f32x4.splat(clip);
  const lower = f32x4.splat(-clip);
  const bytes = <usize>parameters << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const g = v128.load(gradient + at);
    const m = multiplyAdd(keep1, v128.load(moment1 + at), f32x4.mul(take1, g));
    const v = multiplyAdd(keep2, v128.load(moment2 + at), f32x4.mul(f32x4.mul(take2, g), g));
    v128.store(moment1 + at, m);
    v128.store(moment2 + at, v);
    const divisor = multiplyAdd(f32x4.sqrt(v), scale, small);
    const moved = f32x4.sub(v128.load(latent + at), f32x4.div(f32x4.mul(stride, m), divisor));
    const kept = larger(lower, smaller(upper, moved));
    v128.store(latent + at, kept);
    v128.store(weights + at, signOf(kept));
  }
}

/** Effective weights of a perfect array. */
export function binarise(): void {
  const bytes = <usize>parameters << 2;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(weights + at, signOf(v128.load(latent + at)));
}

/** Copies layer 2 into the layout of the forward pass. */
export function transposeOutputWeights(): void {
  for (let k: usize = 0; k < outputs; k++) {
    let from = weights2 + k * hiddenRow;
    let to = weights2Forward + (k << 2);
    for (let j: u32 = 0; j < hidden; j++) {
      store<f32>(to, load<f32>(from));
      from += 4;
      to += outputRow;
    }
  }
}
