import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset, LabelledImages } from '../../training/dataset/dataset.ts';
import { packImages } from '../../training/dataset/packed-images.ts';
import { softwareErrors } from '../../training/emulation/emulate-die.ts';
import { checkMapping } from '../../training/mapping/check-mapping.ts';
import { dieConductances } from '../../training/mapping/die-conductances.ts';
import { effectiveWeights, networkCells } from '../../training/mapping/effective-weights.ts';
import { paperMapping } from '../../training/mapping/paper-mapping.ts';
import { DEFAULT_READ_OUT } from '../../training/mapping/read-out.ts';
import { assignmentCost, cheapestAssignment } from '../../training/placement/assignment.ts';
import { placeByAssignment } from '../../training/placement/place-by-assignment.ts';
import { placeSolution } from '../../training/placement/place-solution.ts';
import { Placer } from '../../training/placement/placer.ts';
import { WEIGHT_LEVELS, weightImportance } from '../../training/placement/weight-importance.ts';
import { seededStream } from '../../training/seeded-stream.ts';
import { DEFAULT_PARAMETERS } from '../../training/training-parameters.ts';
import { dieWith, forward, randomImage, randomWeights, SMALL_GEOMETRY, SMALL_SHAPE } from './mapped-dies.ts';

function allAssignments(workers: number, jobs: number): number[][] {
  const extend = (chosen: number[]): number[][] =>
    chosen.length === workers
      ? [chosen]
      : Array.from({ length: jobs }, (_, job) => job)
          .filter((job) => !chosen.includes(job))
          .flatMap((job) => extend([...chosen, job]));
  return extend([]);
}

describe('the cheapest assignment', () => {
  it('is as cheap as the best of all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 24, maxLength: 24 }),
        (workers, spare, numbers) => {
          const jobs = workers + spare;
          const cost = Float64Array.from(numbers.slice(0, workers * jobs));
          const found = cheapestAssignment(cost, workers, jobs);
          expect(new Set(found).size).toBe(workers);
          const best = Math.min(...allAssignments(workers, jobs).map((each) => assignmentCost(cost, jobs, each)));
          expect(assignmentCost(cost, jobs, found)).toBeCloseTo(best, 9);
        },
      ),
    );
  });

  it('refuses more workers than jobs', () => {
    expect(() => cheapestAssignment(new Float64Array(6), 3, 2)).toThrow(RangeError);
  });
});

/** Images whose first pixel is always dark, labelled by what the ideal network makes of them. */
function imagesFor(network: ReturnType<typeof network1>, count: number, seed: number): LabelledImages {
  const stream = seededStream(seed);
  const pixels = new Float32Array(count * SMALL_SHAPE.inputs);
  for (let i = 0; i < count; i++) {
    pixels.set(randomImage(SMALL_SHAPE, stream), i * SMALL_SHAPE.inputs);
    pixels[i * SMALL_SHAPE.inputs] = 0;
  }
  const images = packImages(pixels, SMALL_SHAPE.inputs);
  const unlabelled = { images, labels: new Uint8Array(count) };
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    const x = Float64Array.from(pixels.subarray(i * SMALL_SHAPE.inputs, (i + 1) * SMALL_SHAPE.inputs));
    const logits = forward(
      SMALL_SHAPE,
      { w1: scaled(network.signs1, 4 / Math.sqrt(6)), w2: Float32Array.from(network.signs2) },
      x,
    );
    return logits.indexOf(Math.max(...logits));
  });
  return { ...unlabelled, labels };
}

const scaled = (signs: Int8Array, factor: number) => Float32Array.from(signs, (sign) => sign * factor);
const network1 = () => ({ id: 'one', ...randomWeights(SMALL_SHAPE, 4), hyper: DEFAULT_PARAMETERS });
const network = network1();
const sample = imagesFor(network, 200, 1);
const importance = weightImportance(network, sample.images);

describe('the importance of a weight', () => {
  it('is nothing at its own sign, nothing on a dark pixel, and never negative', () => {
    WEIGHT_LEVELS.forEach((level, l) => {
      importance.layer1[l].forEach((cost, weight) => {
        if (weight < SMALL_SHAPE.hidden || network.signs1[weight] === level) expect(cost).toBe(0);
        expect(cost).toBeGreaterThanOrEqual(0);
      });
      importance.layer2[l].forEach((cost, weight) => {
        if (network.signs2[weight] === level) expect(cost).toBe(0);
        expect(cost).toBeGreaterThanOrEqual(0);
      });
    });
  });

  it('of layer 2 is the divergence of the outputs, as computed the long way', () => {
    const level = WEIGHT_LEVELS.indexOf(10);
    const [unit, output] = [2, 1];
    const divergence = (pixels: Float64Array) => {
      const ideal = { w1: scaled(network.signs1, 4 / Math.sqrt(6)), w2: scaled(network.signs2, 4 / Math.sqrt(5)) };
      const p = softmax(forward(SMALL_SHAPE, ideal, pixels));
      ideal.w2[unit * SMALL_SHAPE.outputs + output] = (10 * 4) / Math.sqrt(5);
      const q = softmax(forward(SMALL_SHAPE, ideal, pixels));
      return p.reduce((sum, value, k) => sum + value * Math.log(value / q[k]), 0);
    };
    const { start, pixel, value } = sample.images;
    const mean =
      Array.from({ length: 200 }, (_, i) => {
        const dense = new Float64Array(SMALL_SHAPE.inputs);
        for (let e = start[i]; e < start[i + 1]; e++) dense[pixel[e]] = value[e];
        return divergence(dense);
      }).reduce((a, b) => a + b) / 200;
    expect(importance.layer2[level][unit * SMALL_SHAPE.outputs + output]).toBeCloseTo(mean, 4);
  });
});

function softmax(logits: number[]): number[] {
  const exps = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = exps.reduce((a, b) => a + b);
  return exps.map((value) => value / total);
}

const shortAt = (cell: number) => ({ cell, class: 'shorted', rFixed: 150 }) as const;
const perfectErrors = softwareErrors([network], sample)[0];

describe('a placement', () => {
  it('moves nothing on a perfect die', () => {
    const die = dieConductances(dieWith([]), DEFAULT_READ_OUT);
    const { mapping, costAfter } = placeByAssignment(network, die, importance);
    expect(mapping).toEqual(paperMapping(SMALL_SHAPE, SMALL_GEOMETRY));
    expect(costAfter).toBe(0);
  });

  it('makes a single short harmless, wherever it is', () => {
    for (let cell = 0; cell < 128; cell++) {
      const die = dieConductances(dieWith([shortAt(cell)]), DEFAULT_READ_OUT);
      expect(placeByAssignment(network, die, importance).costAfter).toBeLessThan(1e-12);
    }
  });

  it('is a valid mapping that never costs more than the default layout', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 127 }), { maxLength: 40 }), (cells) => {
        const die = dieConductances(dieWith(cells.map(shortAt)), DEFAULT_READ_OUT);
        const { mapping, costBefore, costAfter } = placeByAssignment(network, die, importance);
        checkMapping(mapping, SMALL_SHAPE, SMALL_GEOMETRY);
        expect(costAfter).toBeLessThanOrEqual(costBefore + 1e-9);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves the weights of a single short as wanted wherever images are lit', () => {
    const die = dieConductances(dieWith([shortAt(2 * 16 + 4)]), DEFAULT_READ_OUT);
    const { mapping } = placeByAssignment(network, die, importance);
    const { w1, w2 } = effectiveWeights(network, die, networkCells(mapping, SMALL_SHAPE, die));
    const wrong = [...w1.keys()].filter((i) => Math.abs(w1[i] - network.signs1[i]) > 1e-6);
    for (const weight of wrong) expect(weight).toBeLessThan(SMALL_SHAPE.hidden);
    w2.forEach((weight, i) => void expect(weight).toBeCloseTo(network.signs2[i], 5));
  });
});

describe('placing on validation images', () => {
  const dataset: Dataset = {
    name: 'drawn',
    sha256: '00',
    splitSeed: 1,
    inputs: SMALL_SHAPE.inputs,
    classes: SMALL_SHAPE.outputs,
    train: sample,
    validation: imagesFor(network, 150, 2),
    test: imagesFor(network, 150, 3),
  };
  const cells = [3, 17, 40, 58, 66, 75, 90, 101, 110, 119];
  const task = {
    solution: network,
    models: [dieWith(cells.map(shortAt)), { ...dieWith([]), id: 'perfect' }],
    readOut: DEFAULT_READ_OUT,
    trials: 60,
    seed: 1,
  };
  const images = { sample: sample.images, validation: dataset.validation, test: dataset.test };

  it('brings a damaged network nearer to its own answers on images it has not seen', () => {
    const [damaged, perfect] = placeSolution(task, images);
    expect(perfectErrors).toBe(0);
    expect([perfect.test.before, perfect.test.after]).toEqual([0, 0]);
    expect(damaged.test.before).toBeGreaterThan(15);
    expect(damaged.test.after).toBeLessThan(damaged.test.before);
    expect(damaged.costAfter).toBeLessThan(damaged.costBefore);
  });

  it('gives the same placement in a thread as without one', async () => {
    await using placer = new Placer(dataset, 2);
    expect(await placer.place(task)).toEqual(placeSolution(task, images));
  });
});
