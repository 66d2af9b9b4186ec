import { logarithm } from './arithmetic';
import { reserve } from './memory';

/**
 * Distances between defective weights, drawn in advance: with every weight defective with probability p, the number of
 * sound ones before the next defect is ⌊ln u / ln(1 − p)⌋, u uniform in (0, 1). Four xoshiro128** generators
 * (Blackman and Vigna, 2018) run side by side. Of each 32 bits 23 make u, never 0, and the lowest makes the sign. The
 * grain of u, 2⁻²³, shifts small p by at most 1.2e-7 / p of its value.
 */
const CAPACITY: usize = 1024;

/** Four words of state for each of four generators: word w of generator g at 16 w + 4 g. */
let state: usize = 0;
/** u32 gap, u32 sign bit, CAPACITY times. */
let drawn: usize = 0;
let next: usize = 0;
let inverseLog: f32 = 0;

export function reserveGaps(): usize {
  state = reserve(64);
  drawn = reserve(CAPACITY << 3);
  next = drawn + (CAPACITY << 3);
  return state;
}

/** Sets 1 / ln(1 − p) and forgets what was drawn for another rate. */
export function setInverseLog(value: f32): void {
  inverseLog = value;
  next = drawn + (CAPACITY << 3);
}

/** Address of the next {gap, sign bit}. */
// @ts-ignore: decorator
@inline
export function takeGap(): usize {
  if (next == drawn + (CAPACITY << 3)) refill();
  const at = next;
  next += 8;
  return at;
}

// @ts-ignore: decorator
@inline
function rotateLeft(word: v128, by: i32): v128 {
  return v128.or(i32x4.shl(word, by), i32x4.shr_u(word, 32 - by));
}

function refill(): void {
  let s0 = v128.load(state, 0);
  let s1 = v128.load(state, 16);
  let s2 = v128.load(state, 32);
  let s3 = v128.load(state, 48);
  const factor = f32x4.splat(inverseLog);
  const end = drawn + (CAPACITY << 3);
  for (let at = drawn; at < end; at += 32) {
    const bits = i32x4.mul(rotateLeft(i32x4.mul(s1, i32x4.splat(5)), 7), i32x4.splat(9));
    const t = i32x4.shl(s1, 9);
    s2 = v128.xor(s2, s0);
    s3 = v128.xor(s3, s1);
    s1 = v128.xor(s1, s2);
    s0 = v128.xor(s0, s3);
    s2 = v128.xor(s2, t);
    s3 = rotateLeft(s3, 11);

    const whole = f32x4.convert_i32x4_u(i32x4.shr_u(bits, 9));
    const u = f32x4.mul(f32x4.add(whole, f32x4.splat(0.5)), f32x4.splat(1.1920929e-7));
    const gap = i32x4.trunc_sat_f32x4_s(f32x4.mul(logarithm(u), factor));
    const sign = i32x4.shl(bits, 31);
    v128.store(at, i32x4.shuffle(gap, sign, 0, 4, 1, 5));
    v128.store(at, i32x4.shuffle(gap, sign, 2, 6, 3, 7), 16);
  }
  v128.store(state, s0, 0);
  v128.store(state, s1, 16);
  v128.store(state, s2, 32);
  v128.store(state, s3, 48);
  next = drawn;
}
