import { afterAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../training/dataset/dataset.ts';
import type { Solution } from '../../training/solution.ts';
import { type Ensemble, type EnsembleProgress, Trainer } from '../../training/trainer/trainer.ts';
import { DEFAULT_PARAMETERS } from '../../training/training-parameters.ts';
import { smallImages } from './small-images.ts';

const shape = { inputs: 12, hidden: 9, outputs: 3 };

/** Images whose class is the third of the pixels that carries most light: easy to learn, quick to train. */
function brightThirds(count: number, seed: number) {
  const random = smallImages(count, shape.inputs, shape.outputs, seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    const light = [0, 1, 2].map((third) =>
      random.dense.subarray(i * 12 + third * 4, i * 12 + third * 4 + 4).reduce((sum, x) => sum + x, 0),
    );
    return light.indexOf(Math.max(...light));
  });
  return { images: random.images, labels };
}

const dataset: Dataset = {
  name: 'bright thirds',
  sha256: '00',
  splitSeed: 0,
  inputs: shape.inputs,
  classes: shape.outputs,
  train: brightThirds(600, 1),
  validation: brightThirds(200, 2),
  test: brightThirds(200, 3),
};

const ensemble: Ensemble = {
  kind: 'defect-free',
  shape,
  parameters: { ...DEFAULT_PARAMETERS, epochs: 6, batchSize: 30 },
  seed: 7,
  members: [0, 1, 2, 3],
  provenance: { softwareVersion: 'test', dieModelId: null, populationDieModelIds: [], mappingSha256: null },
};

const uniform = { source: 'uniform', defectRate: 0.02, wSat: 5 } as const;
const shorts = {
  layer1: { index: Uint32Array.of(5, 60), plus: Float32Array.of(9, 9), minus: Float32Array.of(9, 9) },
  layer2: { index: Uint32Array.of(4), plus: Float32Array.of(-9), minus: Float32Array.of(-9) },
};
const sampler = { module: new URL('./one-short-sampler.ts', import.meta.url).href, create: 'oneShort', options: 15 };

const kinds: [string, Partial<Ensemble>][] = [
  ['defect-free', {}],
  ['hardware-aware', { kind: 'hardware-aware', correction: shorts }],
  [
    'statistics-aware, uniform',
    { kind: 'statistics-aware', parameters: { ...ensemble.parameters, statistics: uniform } },
  ],
  [
    'statistics-aware, population',
    {
      kind: 'statistics-aware',
      sampler,
      parameters: { ...ensemble.parameters, statistics: { source: 'population', population: 'one short' } },
    },
  ],
];

const one = new Trainer(dataset, { workers: 1 });
const two = new Trainer(dataset, { workers: 2 });
afterAll(() => Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]));

async function train(trainer: Trainer, changes: Partial<Ensemble> = {}): Promise<Map<number, Solution>> {
  const solutions = new Map<number, Solution>();
  for await (const { member, solution } of trainer.trainEnsemble({ ...ensemble, ...changes })) {
    solutions.set(member, solution);
  }
  return solutions;
}

function weightsOf(solutions: Map<number, Solution>) {
  return [...solutions]
    .sort(([a], [b]) => a - b)
    .map(([member, { signs1, signs2, validationErrors }]) => ({ member, signs1, signs2, validationErrors }));
}

describe.each(kinds)('an ensemble, %s', (_, changes) => {
  it('is the same bit by bit for one worker and two, alone or together', async () => {
    const together = weightsOf(await train(two, changes));
    expect(together.map(({ member }) => member)).toEqual([0, 1, 2, 3]);
    expect(weightsOf(await train(one, changes))).toEqual(together);
    expect(weightsOf(await train(two, { ...changes, members: [2] }))).toEqual([together[2]]);
  });

  it('learns', async () => {
    for (const { validationErrors } of weightsOf(await train(two, changes))) {
      // Guessing would be wrong on 133 of 200.
      expect(validationErrors).toBeLessThan(60);
    }
  });
});

describe('an ensemble', () => {
  it('has members that differ, and other ones for another seed', async () => {
    const solutions = weightsOf(await train(two));
    expect(new Set(solutions.map(({ signs1 }) => signs1.join())).size).toBe(4);
    expect(weightsOf(await train(two, { seed: 8 }))).not.toEqual(solutions);
  });

  it('says where its solutions come from', async () => {
    const solution = (await train(two, { members: [3] })).get(3);
    expect(solution).toMatchObject({
      kind: 'defect-free',
      shape,
      seed: 7,
      hyper: ensemble.parameters,
      validationImages: 200,
      provenance: { dataset: { name: 'bright thirds', sha256: '00', splitSeed: 0 }, softwareVersion: 'test' },
    });
    expect(solution?.kernelBuild).toMatch(/^plain:[0-9a-f]{64}$/);
    expect(solution?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('trains around the defects: the weights differ from those of a perfect array', async () => {
    const perfect = weightsOf(await train(two, { members: [0] }));
    const around = weightsOf(await train(two, { members: [0], kind: 'hardware-aware', correction: shorts }));
    expect(around[0].signs1).not.toEqual(perfect[0].signs1);
  });

  it('reports progress up to the last epoch', async () => {
    const seen: EnsembleProgress[] = [];
    await train(two, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ epochsDone: 24, epochsTotal: 24 });
  });
});

describe('stopping an ensemble', () => {
  const endless = { parameters: { ...ensemble.parameters, epochs: 1_000_000 } };

  it('by its signal ends the training in flight, and the threads can train again', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const training = train(two, { ...endless, signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(training).rejects.toBe(reason);
    expect((await train(two)).size).toBe(4);
  });

  it('before it started trains nothing', async () => {
    await expect(train(two, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('by leaving the loop frees the threads', async () => {
    const parameters = { ...ensemble.parameters, epochs: 400 };
    for await (const { solution } of two.trainEnsemble({ ...ensemble, parameters })) {
      expect(solution.hyper.epochs).toBe(400);
      break;
    }
    expect((await train(two)).size).toBe(4);
  });
});

describe('a training that makes no sense is refused before any work', () => {
  const changed = (change: object): Partial<Ensemble> => ({ parameters: { ...ensemble.parameters, ...change } });
  const statisticsAware = (statistics: object): Partial<Ensemble> => ({
    kind: 'statistics-aware',
    ...changed({ statistics }),
  });
  const aroundDie = (layer1: object): Partial<Ensemble> => ({
    kind: 'hardware-aware',
    correction: { ...shorts, layer1: { ...shorts.layer1, ...layer1 } },
  });

  it.each<[string, Partial<Ensemble>]>([
    ['W_sat < 0', statisticsAware({ ...uniform, wSat: -1 })],
    ['infinite W_sat', statisticsAware({ ...uniform, wSat: Number.POSITIVE_INFINITY })],
    ['rate > 1', statisticsAware({ ...uniform, defectRate: 1.01 })],
    ['rate < 0', statisticsAware({ ...uniform, defectRate: -0.1 })],
    ['rate NaN', statisticsAware({ ...uniform, defectRate: Number.NaN })],
    ['statistics-aware without statistics', { kind: 'statistics-aware' }],
    ['statistics without statistics-aware', changed({ statistics: uniform })],
    ['population without a sampler', statisticsAware({ source: 'population', population: 'x' })],
    ['sampler without a population', { ...statisticsAware(uniform), sampler }],
    ['hardware-aware without a die', { kind: 'hardware-aware' }],
    ['a die without hardware-aware', { correction: shorts }],
    ['a defect outside the network', aroundDie({ index: Uint32Array.of(5, 108) })],
    ['a defect twice', aroundDie({ index: Uint32Array.of(5, 5) })],
    ['a defect worth NaN', aroundDie({ plus: Float32Array.of(1, Number.NaN) })],
    ['lists of two lengths', aroundDie({ minus: Float32Array.of(1) })],
    ['no epochs', changed({ epochs: 0 })],
    ['half an epoch', changed({ epochs: 1.5 })],
    ['a batch larger than the data', changed({ batchSize: 601 })],
    ['a learning rate of 0', changed({ learningRate: 0 })],
    ['beta of 1', changed({ adamBeta1: 1 })],
    ['latents beyond their clip', changed({ latentRange: 2 })],
    ['an unknown activation', changed({ activation: 'sign' })],
    ['a gain of NaN', changed({ gain2: Number.NaN })],
    ['inputs that are not the pixels', { shape: { ...shape, inputs: 11 } }],
    ['fewer outputs than classes', { shape: { ...shape, outputs: 2 } }],
    ['no hidden units', { shape: { ...shape, hidden: 0 } }],
    ['a negative seed', { seed: -1 }],
    ['a solution twice', { members: [1, 1] }],
  ])('%s', async (_, changes) => {
    await expect(train(two, changes)).rejects.toMatchObject({ code: 'TB_TRAINING_PARAMETER' });
  });

  it.each(['oneMapShort', 'outside'])('and so are maps that do not fit: %s', async (create) => {
    const population = statisticsAware({ source: 'population', population: 'x' });
    const training = train(two, { ...population, sampler: { ...sampler, create } });
    await expect(training).rejects.toMatchObject({ code: 'TB_TRAINING_PARAMETER' });
  });

  it('and a sampler that fails fails the ensemble', async () => {
    const failing = { ...sampler, create: 'failing' };
    const population = statisticsAware({ source: 'population', population: 'x' });
    await expect(train(two, { ...population, sampler: failing })).rejects.toThrow('no maps today');
  });
});
