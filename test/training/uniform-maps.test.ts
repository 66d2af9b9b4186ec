import { describe, expect, it } from 'vitest';
import { kernelBuild } from '../../training/kernels/kernel-build.ts';
import { type DrawnDefect, TrainingKernel } from '../../training/kernels/training-kernel.ts';
import { RandomStream } from '../../training/random-stream.ts';
import { DEFAULT_PARAMETERS } from '../../training/training-parameters.ts';
import { smallImages } from './small-images.ts';

const shape = { inputs: 20, hidden: 18, outputs: 4 };
const BATCH = 50;
const data = smallImages(BATCH, shape.inputs, shape.outputs, 1);
const everyImage = Uint32Array.from({ length: BATCH }, (_, i) => i);
const nonZero = data.images.pixel.length;

function drawSteps(steps: number, rate: number, wSat: number, seed = 3): DrawnDefect[][] {
  const kernel = new TrainingKernel(kernelBuild(), shape, { ...DEFAULT_PARAMETERS, batchSize: BATCH }, data);
  kernel.useUniformMaps(rate, wSat, new RandomStream(seed));
  return Array.from({ length: steps }, () => {
    kernel.gradients(everyImage);
    return kernel.drawnDefects();
  });
}

/** Distance of a count from what a binomial distribution expects, in standard deviations. */
function deviation(count: number, trials: number, probability: number): number {
  return (count - trials * probability) / Math.sqrt(trials * probability * (1 - probability));
}

describe.each([0.0005, 0.01, 0.3])('uniform maps at a rate of %d', (rate) => {
  const STEPS = rate < 0.005 ? 400 : 40;
  const drawn = drawSteps(STEPS, rate, 5).flat();
  const positions1 = nonZero * shape.hidden * STEPS;
  const positions2 = BATCH * shape.hidden * shape.outputs * STEPS;

  it('make each weight defective with that probability, in both layers', () => {
    const layer1 = drawn.filter(({ layer }) => layer === 1).length;
    expect(Math.abs(deviation(layer1, positions1, rate))).toBeLessThan(4);
    expect(Math.abs(deviation(drawn.length - layer1, positions2, rate))).toBeLessThan(4);
  });

  it('give W_sat both signs equally often', () => {
    expect(new Set(drawn.map(({ effective }) => effective))).toEqual(new Set([5, -5]));
    const positive = drawn.filter(({ effective }) => effective > 0).length;
    expect(Math.abs(deviation(positive, drawn.length, 0.5))).toBeLessThan(4);
  });

  it('spread evenly over hidden units and images', () => {
    const byUnit = new Float64Array(shape.hidden);
    const byImage = new Float64Array(BATCH);
    for (const { layer, index, image } of drawn) {
      byUnit[layer === 1 ? index % shape.hidden : Math.floor(index / shape.outputs)]++;
      byImage[image]++;
    }
    const perUnit = (positions1 + positions2) / shape.hidden;
    for (const count of byUnit) expect(Math.abs(deviation(count, perUnit, rate))).toBeLessThan(4.5);
    for (let image = 0; image < BATCH; image++) {
      const pixels = data.images.start[image + 1] - data.images.start[image];
      const trials = STEPS * shape.hidden * (pixels + shape.outputs);
      expect(Math.abs(deviation(byImage[image], trials, rate))).toBeLessThan(4.5);
    }
  });

  it('name a weight at most once per map, and in layer 1 only at pixels that are not 0', () => {
    for (const step of drawSteps(3, rate, 5)) {
      const keys = step.map(({ layer, image, index }) => `${layer} ${image} ${index}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { layer, image, index } of step) {
        if (layer === 1) {
          expect(data.dense[image * shape.inputs + Math.floor(index / shape.hidden)]).toBeGreaterThan(0);
        }
      }
    }
  });
});

describe('uniform maps', () => {
  it('are all defects at a rate of 1', () => {
    const [step] = drawSteps(1, 1, 7);
    expect(step).toHaveLength(nonZero * shape.hidden + BATCH * shape.hidden * shape.outputs);
  });

  it('are worth 0, not absent, at W_sat 0', () => {
    const [step] = drawSteps(1, 0.2, 0);
    expect(step.length).toBeGreaterThan(100);
    expect(step.every(({ effective }) => effective === 0)).toBe(true);
  });

  it('are fresh each step, and the same again for the same seed', () => {
    const [first, second] = drawSteps(2, 0.01, 5);
    expect(second).not.toEqual(first);
    expect(drawSteps(2, 0.01, 5)).toEqual([first, second]);
    expect(drawSteps(1, 0.01, 5, 4)).not.toEqual([first]);
  });

  it('keep to the binomial spread of counts: gaps are geometric, not merely right on average', () => {
    const counts = drawSteps(400, 0.01, 5).map((step) => step.length);
    const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
    const variance = counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / (counts.length - 1);
    const expected = 0.01 * 0.99 * (nonZero + BATCH * shape.outputs) * shape.hidden;
    // The standard error of a variance from n draws is √(2 / (n − 1)) of it: 7 %.
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.3);
  });
});
