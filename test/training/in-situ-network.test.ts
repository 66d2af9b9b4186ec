import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchNetwork, layerColumns, layerRows } from '../../training/in-situ/batch-network.ts';
import type { Samples } from '../../training/in-situ/samples.ts';
import { denseKernel } from '../../training/kernels/dense-kernel.ts';
import { seededStream } from '../../training/seeded-stream.ts';

describe('the dense product', () => {
  it('is the product, for any size and for a transposed left side', () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 0, max: 37 }),
        size,
        fc.boolean(),
        fc.integer(),
        (m, depth, n, transposed, seed) => {
          const [rows, columns] = [4 * m, 8 * n];
          const kernel = denseKernel();
          const stream = seededStream(seed);
          const [a, b, c] = [rows * depth, depth * columns, rows * columns].map((count) =>
            kernel.reserveBytes(4 * count + 64),
          );
          const floats = (at: number, count: number) => new Float32Array(kernel.memory.buffer, at, count);
          const left = floats(a, rows * depth).map(() => stream.normal());
          const right = floats(b, depth * columns).map(() => stream.normal());
          floats(a, left.length).set(left);
          floats(b, right.length).set(right);
          const [aRow, aDepth] = transposed ? [4, 4 * rows] : [4 * depth, 4];
          kernel.product(c, a, b, rows, depth, columns, aRow, aDepth, 4 * columns, 4 * columns);
          const found = floats(c, rows * columns);
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < columns; j++) {
              let sum = 0;
              for (let d = 0; d < depth; d++)
                sum += left[transposed ? d * rows + i : i * depth + d] * right[d * columns + j];
              expect(Math.abs(found[i * columns + j] - sum)).toBeLessThan(1e-4);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a network on arrays', () => {
  const shape = { units: [7, 5, 6, 3], biasRows: [2, 1, 3] };
  const gains = [0.8, 1.3, 0.6];
  const stream = seededStream(4);
  const samples: Samples = {
    count: 9,
    width: 7,
    classes: 3,
    values: Float32Array.from({ length: 63 }, () => stream.normal()),
    labels: Uint8Array.from({ length: 9 }, (_, i) => i % 3),
  };
  const order = Uint32Array.from([4, 0, 8, 1, 2, 7, 3]);
  const weights = [0, 1, 2].map((l) =>
    Float32Array.from({ length: layerRows(shape, l) * layerColumns(shape, l) }, () => stream.normal() / 2),
  );

  /** The same network in plain double precision. */
  function plainLoss(values: readonly Float32Array[]): number {
    let loss = 0;
    for (const s of order) {
      let signals = [...samples.values.subarray(7 * s, 7 * s + 7)];
      values.forEach((layer, l) => {
        const rows = [...signals, ...new Array<number>(shape.biasRows[l]).fill(1)];
        const columns = shape.units[l + 1];
        const sums = Array.from({ length: columns }, (_, j) =>
          rows.reduce((sum, x, i) => sum + x * layer[i * columns + j], 0),
        );
        signals = sums.map((sum) => (l === 2 ? gains[l] * sum : Math.tanh(gains[l] * sum)));
      });
      loss += Math.log(signals.reduce((sum, x) => sum + Math.exp(x), 0)) - signals[samples.labels[s]];
    }
    return loss / order.length;
  }

  const network = new BatchNetwork(shape, gains, order.length);
  for (const [l, values] of weights.entries()) network.setWeights(l, values);
  network.forward(samples, order, 0, order.length);

  it('has the loss of the same network in double precision', () => {
    expect(network.backward(samples.labels, order, 0)).toBeCloseTo(plainLoss(weights), 5);
  });

  it.each([0, 1, 2])('has the gradient of layer %i by finite differences', (l) => {
    const gradient = new Float32Array(weights[l].length);
    network.gradient(l, gradient);
    for (let at = 0; at < gradient.length; at++) {
      const moved = (by: number) =>
        plainLoss(weights.map((values, k) => (k === l ? values.map((w, i) => (i === at ? w + by : w)) : values)));
      // The weights are float32: a step that it holds exactly.
      const slope = (moved(2 ** -9) - moved(-(2 ** -9))) / 2 ** -8;
      expect(Math.abs(gradient[at] - slope)).toBeLessThan(1e-4);
    }
  });

  it('counts right answers', () => {
    const sure = new BatchNetwork({ units: [3, 3], biasRows: [0] }, [1], 4);
    sure.setWeights(0, Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
    const values = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0);
    expect(sure.accuracy({ count: 5, width: 3, classes: 3, values, labels: Uint8Array.of(0, 1, 2, 1, 1) })).toBe(0.8);
  });
});
