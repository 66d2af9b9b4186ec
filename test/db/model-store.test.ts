import { v7 as uuid } from 'uuid';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SolutionRecord } from '../../db/model-records.ts';
import { ModelStore } from '../../db/model-store.ts';
import { temporaryFile } from './temporary-file.ts';

function openStore(file = temporaryFile('models.sqlite')): ModelStore {
  const store = ModelStore.open(file);
  onTestFinished(() => store.close());
  return store;
}

function sampleModel(id = uuid()) {
  return {
    id,
    die: { ordinal: 3, x: 1, y: 2 },
    classes: Uint8Array.from([0, 3, 5]),
    rP: Float64Array.from([18_000.25, 0, 0]),
    rFixed: Float64Array.from([0, 512.5, Number.POSITIVE_INFINITY]),
    provenance: { lot: 'L1', simulated: true, seed: null },
  };
}

function sampleSolution(changes: Partial<SolutionRecord> = {}): SolutionRecord {
  return {
    id: uuid(),
    kind: 'defect-free',
    shape: { inputs: 2, hidden: 2, outputs: 2 },
    signs1: Int8Array.from([1, -1, -1, 1]),
    signs2: Int8Array.from([-1, -1, 1, 1]),
    hyper: { epochs: 25, rate: 0.01 },
    seed: 7,
    kernelBuild: 'plain:abc',
    validationErrors: 210,
    validationImages: 5_000,
    provenance: { dieModelId: null, trainedAt: 'now' },
    ...changes,
  };
}

describe('the model store', () => {
  it('gives a die model back as it was put, infinities included', () => {
    const file = temporaryFile('models.sqlite');
    const model = sampleModel();
    const first = ModelStore.open(file);
    first.putDieModel(model);
    first.close();
    const store = openStore(file);
    expect(store.getDieModel(model.id)).toEqual(model);
    expect(store.dieModelIds()).toEqual([model.id]);
    expect(store.getDieModel(uuid())).toBeNull();
  });

  it('keeps the first of two exports of a die model, and refuses other cells under its id', () => {
    const store = openStore();
    const model = sampleModel();
    store.putDieModel(model);
    store.putDieModel({ ...structuredClone(model), provenance: { exported: 'again' } } as never);
    const changed = structuredClone(model);
    changed.rP[1] = 1;
    expect(() => store.putDieModel(changed)).toThrow(expect.objectContaining({ code: 'TB_DIE_MODEL_INVALID' }));
    expect(store.getDieModel(model.id)).toEqual(model);
  });

  it('refuses a number that JSON would turn into null', () => {
    const store = openStore();
    expect(() => store.putDieModel({ ...sampleModel(), means: { rP: Number.NaN } } as never)).toThrow(/rP is NaN/);
    expect(store.dieModelIds()).toEqual([]);
  });

  it('gives a solution back as it was put, and finds it by kind and die', () => {
    const store = openStore();
    const plain = sampleSolution();
    const aware = sampleSolution({ kind: 'hardware-aware', provenance: { dieModelId: 'die-9' } });
    expect(store.putSolution(plain)).toBe(true);
    expect(store.putSolution(aware)).toBe(true);
    expect(store.getSolution(plain.id)).toMatchObject(plain);
    expect(store.solutions().map(({ id }) => id)).toEqual([plain.id, aware.id]);
    expect(store.solutions({ kind: 'defect-free' }).map(({ id }) => id)).toEqual([plain.id]);
    expect(store.solutions({ dieModelId: 'die-9' }).map(({ id }) => id)).toEqual([aware.id]);
    expect(store.getSolution(uuid())).toBeNull();
  });

  it('continues a campaign: the same specification is the same campaign, and a member is stored once', () => {
    const store = openStore();
    const campaign = store.campaign('training', { count: 100, parameters: { rate: 0.01, epochs: 25 } });
    const again = store.campaign('training', { parameters: { epochs: 25, rate: 0.01 }, count: 100 });
    expect(again).toEqual(campaign);
    expect(store.campaign('training', { count: 101 }).id).not.toBe(campaign.id);

    const first = sampleSolution();
    expect(store.putSolution(first, { campaignId: campaign.id, member: 4 })).toBe(true);
    expect(store.putSolution(sampleSolution(), { campaignId: campaign.id, member: 4 })).toBe(false);
    expect(store.putSolution(sampleSolution(), { campaignId: campaign.id, member: 0 })).toBe(true);
    expect(store.members(campaign.id)).toEqual([0, 4]);
    expect(store.solutions({ campaignId: campaign.id }).map(({ membership }) => membership?.member)).toEqual([0, 4]);
    expect(store.solutions({ campaignId: campaign.id })[1].id).toBe(first.id);
  });

  it('stores one emulation per solution, die model and conditions', () => {
    const store = openStore();
    const model = sampleModel();
    const solution = sampleSolution();
    store.putDieModel(model);
    store.putSolution(solution);
    const emulation = {
      solutionId: solution.id,
      dieModelId: model.id,
      conditions: { rtOhms: 1_500, defects: 'measured' },
      errors: 431,
      images: 10_000,
      confusion: Uint32Array.from([900, 80, 70, 950]),
    };
    expect(store.hasEmulation(emulation)).toBe(false);
    expect(store.putEmulation(emulation)).toBe(true);
    expect(store.putEmulation({ ...emulation, conditions: { defects: 'measured', rtOhms: 1_500 } })).toBe(false);
    expect(store.hasEmulation(emulation)).toBe(true);
    expect(store.putEmulations([emulation, { ...emulation, conditions: { rtOhms: 0 }, confusion: null }])).toBe(1);
    expect(store.emulations()).toHaveLength(2);
    expect(store.emulations({ conditions: emulation.conditions })).toMatchObject([{ ...emulation, accuracy: 0.9569 }]);
    expect(store.emulations({ solutionId: uuid() })).toEqual([]);
  });

  it('refuses an emulation of a solution or die model it does not hold, whole or not at all', () => {
    const store = openStore();
    const model = sampleModel();
    const solution = sampleSolution();
    store.putDieModel(model);
    store.putSolution(solution);
    const good = {
      solutionId: solution.id,
      dieModelId: model.id,
      conditions: {},
      errors: 1,
      images: 2,
      confusion: null,
    };
    expect(() => store.putEmulations([good, { ...good, dieModelId: uuid() }])).toThrow(/FOREIGN KEY/);
    expect(store.emulations()).toEqual([]);
  });
});
