/** Four float32 lanes at a time. */

/** a × b + c: rounded once where relaxed SIMD has a fused instruction, twice in the plain build. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f32x4.relaxed_madd(a, b, c);
  } else {
    return f32x4.add(f32x4.mul(a, b), c);
  }
}

/**
 * The larger and the smaller lane by lane. These are single instructions; the plain minimum and maximum of WebAssembly
 * take eight each, to keep NaN and the sign of 0 as IEEE 754 wants them, and neither occurs here.
 */
// @ts-ignore: decorator
@inline
export function larger(a: v128, b: v128): v128 {
  return f32x4.pmax(a, b);
}

// @ts-ignore: decorator
@inline
export function smaller(a: v128, b: v128): v128 {
  return f32x4.pmin(a, b);
}

/**
 * Constants lie in memory: V8 builds a vector constant from two 64-bit immediates wherever it occurs, which takes four
 * times as long as a load that repeats one number in all lanes.
 */
// @ts-ignore: decorator
@inline
function constant(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

// @ts-ignore: decorator
@inline
function step(polynomial: v128, x: v128, table: usize, index: usize): v128 {
  return multiplyAdd(polynomial, x, constant(table, index));
}

/** Bounds of the argument, 1 / ln 2, ln 2 in two pieces, then the polynomial from its highest power. */
const EXPONENTIAL = memory.data<f32>([
  -87, 88, 1.44269504, -0.693359375, 2.1219444e-4, 1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
  1.6666665459e-1, 5.0000001201e-1,
]);

/**
 * exp(x) for x in [−87, 88], relative error below 2e-7. Cephes' expf: x = n ln 2 + r with |r| ≤ ln 2 / 2, ln 2 in two
 * pieces, a polynomial of degree 7 for exp(r), n by way of the exponent field.
 */
export function exponential(argument: v128): v128 {
  const x = larger(constant(EXPONENTIAL, 0), smaller(constant(EXPONENTIAL, 1), argument));
  const n = f32x4.nearest(f32x4.mul(x, constant(EXPONENTIAL, 2)));
  let r = f32x4.add(x, f32x4.mul(n, constant(EXPONENTIAL, 3)));
  r = f32x4.add(r, f32x4.mul(n, constant(EXPONENTIAL, 4)));
  let p = constant(EXPONENTIAL, 5);
  p = step(p, r, EXPONENTIAL, 6);
  p = step(p, r, EXPONENTIAL, 7);
  p = step(p, r, EXPONENTIAL, 8);
  p = step(p, r, EXPONENTIAL, 9);
  p = step(p, r, EXPONENTIAL, 10);
  const value = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(value, exponent);
}

/** Bounds of the argument, then both polynomials from their highest power. */
const TANGENT = memory.data<f32>([
  -7.905311, 7.905311, -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
  1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3, 1.19825839466702e-6, 1.18534705686654e-4,
  2.268434632439e-3, 4.89352518554385e-3,
]);

/**
 * tanh(x), absolute error below 4e-7. A rational function, odd polynomial of degree 13 over even one of degree 6, on
 * |x| < 7.9, beyond which float32's tanh is ±1 to the last bit but one (the coefficients are those of Eigen's ptanh).
 */
// @ts-ignore: decorator
@inline
export function hyperbolicTangent(argument: v128): v128 {
  const x = larger(constant(TANGENT, 0), smaller(constant(TANGENT, 1), argument));
  const x2 = f32x4.mul(x, x);
  let p = constant(TANGENT, 2);
  p = step(p, x2, TANGENT, 3);
  p = step(p, x2, TANGENT, 4);
  p = step(p, x2, TANGENT, 5);
  p = step(p, x2, TANGENT, 6);
  p = step(p, x2, TANGENT, 7);
  p = step(p, x2, TANGENT, 8);
  let q = constant(TANGENT, 9);
  q = step(q, x2, TANGENT, 10);
  q = step(q, x2, TANGENT, 11);
  q = step(q, x2, TANGENT, 12);
  return f32x4.div(f32x4.mul(p, x), q);
}

/** The polynomial from its highest power, then ln 2 in two pieces and −½. */
const LOGARITHM = memory.data<f32>([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -2.1219444e-4, 0.693359375, -0.5,
]);

/**
 * ln(x) for positive normal x, relative error below 3e-7 away from 1. Cephes' logf: x = 2^e m with m in [√½, √2), a
 * polynomial of degree 9 in m − 1.
 */
export function logarithm(x: v128): v128 {
  // Adding this before the shift moves the border between two exponents from 1 to √½.
  const biased = i32x4.add(x, i32x4.splat(0x3f800000 - 0x3f3504f3));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(biased, 23), i32x4.splat(127)));
  const mantissa = i32x4.add(v128.and(biased, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const m = f32x4.sub(mantissa, f32x4.splat(1));
  const m2 = f32x4.mul(m, m);
  let p = constant(LOGARITHM, 0);
  p = step(p, m, LOGARITHM, 1);
  p = step(p, m, LOGARITHM, 2);
  p = step(p, m, LOGARITHM, 3);
  p = step(p, m, LOGARITHM, 4);
  p = step(p, m, LOGARITHM, 5);
  p = step(p, m, LOGARITHM, 6);
  p = step(p, m, LOGARITHM, 7);
  p = step(p, m, LOGARITHM, 8);
  p = f32x4.mul(f32x4.mul(p, m2), m);
  p = multiplyAdd(e, constant(LOGARITHM, 9), p);
  p = multiplyAdd(m2, constant(LOGARITHM, 11), p);
  return multiplyAdd(e, constant(LOGARITHM, 10), f32x4.add(m, p));
}
