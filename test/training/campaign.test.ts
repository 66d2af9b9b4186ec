import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelStore } from '../../db/model-store.ts';
import { Campaign } from '../../training/campaign/campaign.ts';
import { measuredDefects } from '../../training/campaign/defect-rate.ts';
import type { Dataset, LabelledImages } from '../../training/dataset/dataset.ts';
import { loadDataset } from '../../training/dataset/load-dataset.ts';
import { selectImages } from '../../training/dataset/packed-images.ts';
import { Emulator } from '../../training/emulation/emulator.ts';
import { fleetTable } from '../../training/figures/fleet-table.ts';
import { fleetTableCsv, fleetTableMarkdown } from '../../training/figures/fleet-table-text.ts';
import { reproduceFigure } from '../../training/figures/reproduction.ts';
import { fleetDieModels } from '../../training/fleet/fleet-die-models.ts';
import { FLEET_KINDS } from '../../training/fleet/fleet-kinds.ts';
import { generateFleet } from '../../training/fleet/generate-fleet.ts';
import { DEFAULT_READ_OUT } from '../../training/mapping/read-out.ts';
import { PAPER_SHAPE } from '../../training/network-shape.ts';
import { Placer } from '../../training/placement/placer.ts';
import { Trainer } from '../../training/trainer/trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'campaign-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The first images of each part: enough to tell a trained network from an untrained one. */
function small(): Dataset {
  const full = loadDataset();
  const first = ({ images, labels }: LabelledImages, count: number): LabelledImages => ({
    images: selectImages(
      images,
      Array.from({ length: count }, (_, i) => i),
    ),
    labels: labels.slice(0, count),
  });
  return {
    ...full,
    train: first(full.train, 3000),
    validation: first(full.validation, 300),
    test: first(full.test, 500),
  };
}

const dataset = small();
const models = fleetDieModels(generateFleet('A', 'development', 9, { ...FLEET_KINDS.A, dies: 4, outlierDies: 1 }), '0');
const scale = { solutions: 2, epochs: 2, hardwareAwareSolutions: 1, hardwareAwareEpochs: 2, wSats: [0, 10] };
const options = { scale, seed: 1, outlierFactor: 3, defectRate: 0.002 };

describe('a campaign', () => {
  const trainer = new Trainer(dataset, { workers: 2 });
  const emulator = new Emulator(dataset.test, 2);
  const placer = new Placer(dataset, 2, 50);
  const store = ModelStore.open(join(folder, 'models.sqlite'));
  let trainedEpochs = 0;
  const campaign = new Campaign({
    store,
    trainer,
    emulator,
    images: 'test',
    softwareVersion: '0',
    readOut: DEFAULT_READ_OUT,
    onProgress: (step, done) => {
      if (step.startsWith('training')) trainedEpochs = Math.max(trainedEpochs, done);
    },
  });
  beforeAll(() => expect(models).toHaveLength(4));
  afterAll(async () => {
    store.close();
    await Promise.all([trainer, emulator, placer].map((each) => each[Symbol.asyncDispose]()));
  });

  it('gives figure 2c: defects degrade; 2d: without them the degradation is gone', async () => {
    const damaged = await reproduceFigure('2c', models, campaign, options);
    const replaced = await reproduceFigure('2d', models, campaign, options);
    const worst = (errors: readonly (readonly number[])[]) => Math.max(...errors.flat());
    const baseline = Math.max(...damaged.baselineErrors);
    expect(worst(damaged.errors)).toBeGreaterThan(baseline + 10);
    expect(worst(replaced.errors)).toBeLessThan(baseline + 4);
  });

  it('gives figure 2e: trained around its defects a network recovers', async () => {
    const damaged = await reproduceFigure('2c', models, campaign, options);
    const aware = await reproduceFigure('2e', models, campaign, options);
    const meanOf = (errors: readonly (readonly number[])[]) =>
      errors.flat().reduce((a, b) => a + b) / errors.flat().length;
    expect(meanOf(aware.errors)).toBeLessThan(meanOf(damaged.errors));
  });

  it('gives figure 3b from ensembles a W_sat, and finds all of it in the store the second time', async () => {
    const first = await reproduceFigure('3b', models, campaign, options);
    const solutions = store.solutions().length;
    const emulations = store.emulations().length;
    trainedEpochs = 0;
    expect(await reproduceFigure('3b', models, campaign, options)).toEqual(first);
    expect([store.solutions().length, store.emulations().length, trainedEpochs]).toEqual([solutions, emulations, 0]);
    expect(first.errors.map((row) => row.length)).toEqual([4, 4]);
  });

  it('makes a larger ensemble by adding to a smaller one', async () => {
    const two = await campaign.defectFree({ count: 2, epochs: 2, seed: 1 });
    const three = await campaign.defectFree({ count: 3, epochs: 2, seed: 1 });
    expect(three.map(({ id }) => id).slice(0, 2)).toEqual(two.map(({ id }) => id));
    expect((await campaign.defectFree({ count: 1, epochs: 2, seed: 1 })).map(({ id }) => id)).toEqual([two[0].id]);
  });

  it('compares methods die by die, a population always from other dies', async () => {
    const table = await fleetTable(models, campaign, {
      size: { count: 1, epochs: 2, seed: 1 },
      hardwareAware: { count: 1, epochs: 2, seed: 1 },
      wSats: [10],
      rateFactors: [1],
      populationFolds: 2,
      placement: { placer, trials: 0 },
      outlierFactor: 3,
    });
    const names = table.rows.map(({ name }) => name);
    expect(names).toContain('defect-free + placement');
    expect(names).toContain('population × 1 + placement');
    expect(names).toContain('hardware-aware, other dies');
    for (const row of table.rows) expect(row.perDie).toHaveLength(4);
    const [defectFree, placed] = table.rows;
    expect(placed.all.mean).toBeLessThan(defectFree.all.mean);
    expect(defectFree.change).toBe(0);
    for (const solution of store.solutions({ kind: 'statistics-aware' })) {
      const { populationDieModelIds } = solution.provenance as { populationDieModelIds: string[] };
      const judgedOn = new Set(store.emulations({ solutionId: solution.id }).map(({ dieModelId }) => dieModelId));
      for (const id of populationDieModelIds) expect(judgedOn.has(id)).toBe(false);
    }
    expect(fleetTableMarkdown('a fleet', table).split('\n').length).toBeGreaterThan(table.rows.length + 5);
    expect(fleetTableCsv(table).trim().split('\n')).toHaveLength(table.rows.length + 1);
  });
});

describe('the defects of dies in terms of training', () => {
  it('are the rate of defective weights and the magnitude they saturate at', () => {
    const { weightRate, junctionRate, saturatedWeight } = measuredDefects(models, PAPER_SHAPE, DEFAULT_READ_OUT);
    expect(1 - (1 - junctionRate) ** 2).toBeCloseTo(weightRate, 12);
    const bad = models.reduce((sum, { counts }) => sum + 20_000 - counts.healthy, 0) / models.length / 20_000;
    expect(Math.abs(junctionRate / bad - 1)).toBeLessThan(0.1);
    expect(saturatedWeight).toBeGreaterThan(10);
    expect(saturatedWeight).toBeLessThan(22);
  });
});
