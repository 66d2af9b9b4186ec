import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidV7 } from 'uuid';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelStore } from '../../db/model-store.ts';
import type { LabelledImages } from '../../training/dataset/dataset.ts';
import { packImages } from '../../training/dataset/packed-images.ts';
import { dieModelAtVoltage, type MeasuredLoop } from '../../training/emulation/conductance-at-voltage.ts';
import { emulateDie, softwareErrors } from '../../training/emulation/emulate-die.ts';
import { DEFAULT_CONDITIONS } from '../../training/emulation/emulation-conditions.ts';
import { Emulator } from '../../training/emulation/emulator.ts';
import { emulateStored } from '../../training/emulation/stored-emulations.ts';
import { paperMapping } from '../../training/mapping/paper-mapping.ts';
import { DEFAULT_READ_OUT } from '../../training/mapping/read-out.ts';
import { seededStream } from '../../training/seeded-stream.ts';
import type { Solution } from '../../training/solution.ts';
import { DEFAULT_PARAMETERS } from '../../training/training-parameters.ts';
import { dieWith, randomImage, randomWeights, SMALL_GEOMETRY, SMALL_SHAPE } from './mapped-dies.ts';

const folder = mkdtempSync(join(tmpdir(), 'emulation-'));
afterAll(() => rmSync(folder, { recursive: true }));

function labelledImages(count: number): LabelledImages {
  const stream = seededStream(7);
  const dense = Float32Array.from({ length: count }, () => 0).fill(0);
  const pixels = Float32Array.from({ length: dense.length * SMALL_SHAPE.inputs });
  for (let i = 0; i < count; i++) pixels.set(randomImage(SMALL_SHAPE, stream), i * SMALL_SHAPE.inputs);
  return {
    images: packImages(pixels, SMALL_SHAPE.inputs),
    labels: Uint8Array.from({ length: count }, () => stream.below(SMALL_SHAPE.outputs)),
  };
}

function solution(seed: number): Solution {
  return {
    id: uuidV7(),
    kind: 'defect-free',
    ...randomWeights(SMALL_SHAPE, seed),
    hyper: DEFAULT_PARAMETERS,
    seed,
    kernelBuild: 'plain:test',
    validationErrors: 0,
    validationImages: 1,
    provenance: {
      softwareVersion: '0',
      dataset: { name: 'drawn', sha256: '00', splitSeed: 1 },
      dieModelId: null,
      populationDieModelIds: [],
      mappingSha256: null,
      trainedAt: '2026-01-01T00:00:00Z',
      trainingSeconds: 0,
    },
  };
}

const images = labelledImages(300);
const solutions = Array.from({ length: 23 }, (_, i) => solution(i));
const perfect = dieWith([]);
const shorted = {
  ...dieWith([
    { cell: 0, class: 'shorted', rFixed: 200 },
    { cell: 10, class: 'shorted', rFixed: 200 },
  ]),
  id: 'shorted',
};

describe('an emulation', () => {
  it('on a perfect die equals the software baseline, under any series resistance', () => {
    const conditions = { ...DEFAULT_CONDITIONS, readOut: { ...DEFAULT_READ_OUT, seriesOhms: 0 } };
    expect(emulateDie(perfect, solutions, conditions, images).errors).toEqual(softwareErrors(solutions, images));
    expect(emulateDie(perfect, solutions, DEFAULT_CONDITIONS, images).errors).toEqual(
      softwareErrors(solutions, images),
    );
  });

  it('feels shorts, unless they are replaced by the means', () => {
    const means = { ...DEFAULT_CONDITIONS, readOut: { ...DEFAULT_READ_OUT, defects: 'dieMeans' as const } };
    expect(emulateDie(shorted, solutions, DEFAULT_CONDITIONS, images).errors).not.toEqual(
      softwareErrors(solutions, images),
    );
    expect(emulateDie(shorted, solutions, means, images).errors).toEqual(softwareErrors(solutions, images));
  });

  it('with repeatability noise depends on the seed, the solution and the die, not on the order', () => {
    const noisy = (seed: number) => ({ ...DEFAULT_CONDITIONS, repeatability: { relativeSigma: 0.3, seed } });
    const forth = emulateDie(perfect, solutions, noisy(1), images).errors;
    const back = emulateDie(perfect, [...solutions].reverse(), noisy(1), images).errors;
    expect([...back].reverse()).toEqual(forth);
    expect(emulateDie(perfect, solutions, noisy(2), images).errors).not.toEqual(forth);
  });

  it('refuses a noise that is none', () => {
    const conditions = { ...DEFAULT_CONDITIONS, repeatability: { relativeSigma: Number.NaN, seed: 1 } };
    expect(() => emulateDie(perfect, solutions, conditions, images)).toThrow(/TB_TRAINING_PARAMETER/);
  });

  it.each([1, 3])('gives the same errors on %d threads as on none', async (workers) => {
    await using emulator = new Emulator(images, workers);
    const { errors } = await emulator.emulate(shorted, solutions);
    expect(errors).toEqual(emulateDie(shorted, solutions, DEFAULT_CONDITIONS, images).errors);
    expect((await emulator.emulate(null, solutions)).errors).toEqual(softwareErrors(solutions, images));
  });

  it('carries a typed error out of the thread and goes on', async () => {
    await using emulator = new Emulator(images, 1);
    const unknown = dieWith([{ cell: 3, class: 'unmeasured' }]);
    await expect(emulator.emulate(unknown, solutions)).rejects.toMatchObject({ code: 'TB_DIE_MODEL_INVALID' });
    expect((await emulator.emulate(shorted, solutions)).errors).toHaveLength(23);
  });
});

describe('stored emulations', () => {
  let store: ModelStore;
  let number = 0;
  beforeEach(() => {
    store = ModelStore.open(join(folder, `${number++}.sqlite`));
    for (const each of solutions) store.putSolution(each);
  });
  afterEach(() => store.close());

  const campaign = { solutions, models: [perfect, shorted], dataset: { sha256: '00', splitSeed: 1 } };

  it('are computed once and found again', async () => {
    const first = await (async () => {
      await using emulator = new Emulator(images, 2);
      return await emulateStored(store, emulator, campaign);
    })();
    expect(first[1]).toEqual(emulateDie(shorted, solutions, DEFAULT_CONDITIONS, images).errors);
    // An emulator that can compute nothing: every number must come from the store.
    const closed = new Emulator(images, 1);
    await closed[Symbol.asyncDispose]();
    expect(await emulateStored(store, closed, campaign)).toEqual(first);
    expect(store.emulations()).toHaveLength(46);
  });

  it('continue after an interruption', async () => {
    await using emulator = new Emulator(images, 1);
    const abort = new AbortController();
    const interrupted = emulateStored(store, emulator, {
      ...campaign,
      signal: abort.signal,
      onProgress: (done) => done > 0 && abort.abort(),
    });
    await expect(interrupted).rejects.toThrow();
    const kept = store.emulations().length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(46);
    const progress: number[] = [];
    await emulateStored(store, emulator, { ...campaign, onProgress: (done) => void progress.push(done) });
    expect(store.emulations()).toHaveLength(46);
  });

  it('under other conditions or on other images are other results', async () => {
    await using emulator = new Emulator(images, 1);
    const mapping = paperMapping(SMALL_SHAPE, SMALL_GEOMETRY);
    await emulateStored(store, emulator, campaign);
    await emulateStored(store, emulator, { ...campaign, conditions: { ...DEFAULT_CONDITIONS, mapping } });
    await emulateStored(store, emulator, { ...campaign, dataset: { sha256: '00', splitSeed: 2 } });
    expect(store.emulations()).toHaveLength(3 * 46);
  });
});

describe('conductances at a read voltage', () => {
  /** 0 → +0.6 → 0 V and 0 → −0.6 → 0 V; AP falls with bias from 40 kΩ by R0 / (1 + (V/0.5)²), P stays 18 kΩ. */
  const loop = (flag = 0): MeasuredLoop => {
    const up = Array.from({ length: 13 }, (_, i) => i * 0.05);
    const half = [...up, ...[...up].reverse()];
    const volts = [...half, ...half.map((v) => -v)];
    const ap = (v: number) => 40e3 / (1 + (v / 0.5) ** 2);
    const ohms = volts.map((v, i) => {
      const inAp = i < 26 ? i < 13 && v < 0.5 : i >= 39 || v < -0.5;
      return inAp ? ap(v) : 18e3;
    });
    return {
      readings: {
        volts: Float32Array.from(volts),
        amps: Float32Array.from(volts, (v, i) => v / ohms[i]),
        flags: new Uint8Array(volts.length).fill(flag),
      },
      toP: { start: 0, end: 26 },
      toAp: { start: 26, end: 52 },
    };
  };

  it.each([0.3, -0.3])('at %d V follow the measured loop in either polarity', (volts) => {
    const { model, keptCells } = dieModelAtVoltage(dieWith([{ cell: 2, class: 'shorted', rFixed: 300 }]), volts, () =>
      loop(),
    );
    expect(keptCells).toBe(0);
    expect(model.rP[0] / 18e3).toBeCloseTo(1, 4);
    expect(model.rAp[0] / (40e3 / 1.36)).toBeCloseTo(1, 4);
    expect(model.rFixed[2]).toBe(300);
    expect(model.means.rAp / (40e3 / 1.36)).toBeCloseTo(1, 4);
  });

  it('keep the low-bias fit where the loop has no value, and say how often', () => {
    const die = dieWith([]);
    expect(dieModelAtVoltage(die, 0.9, () => loop()).keptCells).toBe(128);
    expect(dieModelAtVoltage(die, 0.3, () => null).keptCells).toBe(128);
    expect(dieModelAtVoltage(die, 0.3, () => loop(1)).keptCells).toBe(128);
    // Beyond the switching voltage both branches are P: no AP value to be had.
    expect(dieModelAtVoltage(die, 0.57, () => loop()).keptCells).toBe(128);
  });
});
