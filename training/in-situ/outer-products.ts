import type { RandomStream } from '../random-stream.ts';
import { inverseRoot } from './wanted-flips.ts';

export interface OuterProduct {
  /** Factor of each row and of each column; their product is the signed probability of the cell. */
  readonly rows: Float32Array;
  readonly columns: Float32Array;
}

export interface OuterRule {
  readonly rate: number;
  /** The largest probability that one product may ask for. */
  readonly largest: number;
  readonly rank: number;
}

/** P falls with the square of a cell's share, which keeps cells whose gradient is noise quiet, as the threshold does cell by cell. */
const EXPONENT = 2;
/** Share, in units of the noise, at which P equals the rate. */
const UNIT = 2.5;
const POWER_ITERATIONS = 8;

/**
 * The leading outer products of a batch's gradient in units of its noise, by power iteration with deflation. The iteration needs only
 * products of stored activations and errors with vectors (Xᵀ(D·v), Dᵀ(X·u)), which lines and their stores can do; here the
 * gradient at hand is used, with the same result.
 */
export function outerProducts(
  gradient: Float32Array,
  powers: { readonly rows: Float64Array; readonly columns: Float64Array },
  batch: number,
  rule: OuterRule,
  random: RandomStream,
): OuterProduct[] {
  const left = inNoise(gradient, powers, batch);
  return Array.from({ length: rule.rank }, () =>
    nextProduct(left, powers.rows.length, powers.columns.length, rule, random),
  );
}

function inNoise(
  gradient: Float32Array,
  powers: { readonly rows: Float64Array; readonly columns: Float64Array },
  batch: number,
): Float64Array {
  const columns = powers.columns.length;
  const columnScale = powers.columns.map(inverseRoot);
  const rowScale = powers.rows.map((power) => inverseRoot(power) * Math.sqrt(batch));
  return Float64Array.from(gradient, (m, at) => m * rowScale[Math.floor(at / columns)] * columnScale[at % columns]);
}

/** The largest product left, taken off `left`. */
function nextProduct(
  left: Float64Array,
  rows: number,
  columns: number,
  rule: OuterRule,
  random: RandomStream,
): OuterProduct {
  let v: Float64Array = Float64Array.from({ length: columns }, () => random.uniform() - 0.5);
  let u: Float64Array = new Float64Array(rows);
  let size = 0;
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    u = normalised(Float64Array.from({ length: rows }, (_, i) => dotRow(left, i * columns, v))).vector;
    const next = new Float64Array(columns);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) next[j] += left[i * columns + j] * u[i];
    ({ vector: v, size } = normalised(next));
  }
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) left[i * columns + j] -= size * u[i] * v[j];

  const most = size * largestOf(u) * largestOf(v);
  const rate = Math.min(rule.rate / UNIT ** EXPONENT, rule.largest / most ** EXPONENT);
  const scale = Math.sqrt(rate) * size ** (EXPONENT / 2);
  const factor = (value: number) => Math.sign(value) * scale * Math.abs(value) ** EXPONENT;
  return { rows: Float32Array.from(u, (value) => -factor(value)), columns: Float32Array.from(v, factor) };
}

function dotRow(matrix: Float64Array, from: number, v: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < v.length; j++) sum += matrix[from + j] * v[j];
  return sum;
}

function normalised(vector: Float64Array): { vector: Float64Array; size: number } {
  const size = Math.hypot(...vector);
  return { vector: size > 0 ? vector.map((value) => value / size) : vector, size };
}

function largestOf(vector: Float64Array): number {
  return vector.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
}
