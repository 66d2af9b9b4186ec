import { inverse, Matrix } from 'ml-matrix';
import { deltaStep, type GridFrame, type LikelihoodGrid } from './switching-likelihood.ts';

/** A population of junctions: means of ln Δ, ln V_c0, offset; then the logarithms of their σ. All independent. */
export type PopulationLaw = readonly number[];

const MOST_ROUNDS = 200;
const CONVERGED = 3e-4;
/** σ of ln V_c0 and of the offset below this are not told from 0; of ln Δ it is the grid's step. */
export const SMALLEST_SIGMAS = [0.003, 0.0005] as const;

/** Expectation–maximisation: means and variances of the cells' own distributions under the law so far. */
export function maximise(grids: readonly LikelihoodGrid[], frame: GridFrame): PopulationLaw {
  const smallest = [deltaStep(frame), ...SMALLEST_SIGMAS];
  let law: PopulationLaw = [
    frame.lnDelta,
    meanOf(grids, middleVC0),
    meanOf(grids, middleOffset),
    Math.log(0.1),
    Math.log(0.05),
    Math.log(0.01),
  ];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const sums = new Float64Array(6);
    for (const grid of grids) {
      const { means, squares } = momentsOf(grid, law);
      for (let k = 0; k < 3; k++) {
        sums[k] += means[k];
        sums[3 + k] += squares[k];
      }
    }
    const means = [0, 1, 2].map((k) => sums[k] / grids.length);
    const sigmas = [0, 1, 2].map((k) =>
      Math.max(smallest[k], Math.sqrt(Math.max(0, sums[3 + k] / grids.length - means[k] ** 2))),
    );
    const next = [...means, ...sigmas.map(Math.log)];
    const moved = Math.max(...next.map((value, k) => Math.abs(value - law[k])));
    law = next;
    if (moved < CONVERGED) break;
  }
  return law;
}

const middleVC0 = ({ lnVC0, likelihood }: LikelihoodGrid): number => lnVC0[likelihood.indexOf(1)];
const middleOffset = ({ offsets, likelihood }: LikelihoodGrid): number => offsets[likelihood.indexOf(1)];

function meanOf(grids: readonly LikelihoodGrid[], of: (grid: LikelihoodGrid) => number): number {
  return grids.reduce((sum, grid) => sum + of(grid), 0) / grids.length;
}

interface Moments {
  /** Average of the likelihood over the population. */
  readonly weight: number;
  /** Of ln Δ, ln V_c0, offset. */
  readonly means: readonly number[];
  readonly squares: readonly number[];
}

/** One cell's distribution under a law: likelihood × population, over its grid. */
export function momentsOf({ lnDelta, lnVC0, offsets, likelihood }: LikelihoodGrid, law: PopulationLaw): Moments {
  const [m0, m1, m2] = law;
  const [w0, w1, w2] = [3, 4, 5].map((k) => Math.exp(-law[k]));
  let weight = 0;
  const means = [0, 0, 0];
  const squares = [0, 0, 0];
  for (let at = 0; at < likelihood.length; at++) {
    const [x, y, o] = [lnDelta[at], lnVC0[at], offsets[at]];
    const distance = ((x - m0) * w0) ** 2 + ((y - m1) * w1) ** 2 + ((o - m2) * w2) ** 2;
    const part = likelihood[at] * Math.exp(-0.5 * distance);
    weight += part;
    means[0] += part * x;
    means[1] += part * y;
    means[2] += part * o;
    squares[0] += part * x * x;
    squares[1] += part * y * y;
    squares[2] += part * o * o;
  }
  const scale = 1 / Math.max(weight, Number.MIN_VALUE);
  return {
    weight: weight * w0 * w1 * w2,
    means: means.map((sum) => sum * scale),
    squares: squares.map((sum) => sum * scale),
  };
}

/** Steps of the numerical second derivatives, of the size of small standard errors. */
const PROBES = [0.01, 0.004, 0.001, 0.05, 0.05, 0.05];

/** Of the six numbers of a law, from the curvature of the likelihood there. */
export function standardErrors(grids: readonly LikelihoodGrid[], law: PopulationLaw): number[] {
  const value = (change: readonly (readonly [number, number])[]) => {
    const moved = [...law];
    for (const [k, by] of change) moved[k] += by;
    return -grids.reduce((sum, grid) => sum + Math.log(momentsOf(grid, moved).weight), 0);
  };
  const here = value([]);
  const hessian = PROBES.map((p, i) =>
    PROBES.map((q, j) => {
      if (i === j) return (value([[i, p]]) - 2 * here + value([[i, -p]])) / (p * p);
      if (j < i) return 0;
      const plus =
        value([
          [i, p],
          [j, q],
        ]) +
        value([
          [i, -p],
          [j, -q],
        ]);
      const minus =
        value([
          [i, p],
          [j, -q],
        ]) +
        value([
          [i, -p],
          [j, q],
        ]);
      return (plus - minus) / (4 * p * q);
    }),
  );
  const full = hessian.map((row, i) => row.map((entry, j) => (j < i ? hessian[j][i] : entry)));
  // A σ at its floor has no curvature: nothing is known of it below, and the others do not hang on it.
  const free = [0, 1, 2, 3, 4, 5].filter((k) => full[k][k] > 0);
  const covariance = inverse(new Matrix(free.map((i) => free.map((j) => full[i][j])))).to2DArray();
  return law.map((_, k) => {
    const at = free.indexOf(k);
    return at >= 0 && covariance[at][at] > 0 ? Math.sqrt(covariance[at][at]) : UNKNOWN_ERROR;
  });
}

/** Of a σ's logarithm: anything within a factor of 50. */
const UNKNOWN_ERROR = 2;
