import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DieModel } from '../../analysis/die-model.ts';
import { type DieModelFiles, encodeArrays, readDieModel, writeDieModel } from '../../analysis/die-model-file.ts';
import { decodeNpy, encodeNpy } from '../../analysis/npy.ts';
import { syntheticDieModel } from './synthetic-die-model.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunnelbench-model-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a sound model, then replaces its arrays by those of a changed copy. */
async function writeSpoiled(change: (model: DieModel) => void): Promise<DieModelFiles> {
  const model = syntheticDieModel();
  const files = await writeDieModel(folder, model);
  change(model);
  await writeFile(files.npz, encodeArrays(model));
  return files;
}

describe('a die model on disk', () => {
  it('comes back as it was written', async () => {
    const model = syntheticDieModel();
    const { json } = await writeDieModel(folder, model);
    expect(await readDieModel(json)).toEqual(model);
  });

  it.each<[string, (model: DieModel) => void]>([
    ['NaN in a resistance', (model) => void model.rP.fill(Number.NaN, 0, 1)],
    ['a negative uncertainty', (model) => void model.rApUncertainty.fill(-1, 0, 1)],
    ['a class that does not exist', (model) => void model.classes.fill(9, 0, 1)],
    ['counts that do not add up', (model) => void model.classes.fill(1, 0, 1)],
    ['a short without a resistance', (model) => void model.rFixed.fill(0, 3, 4)],
    ['a fixed resistance on a healthy cell', (model) => void model.rFixed.fill(100, 0, 1)],
  ])('is refused with %s', async (_name, change) => {
    const { json } = await writeSpoiled(change);
    await expect(readDieModel(json)).rejects.toMatchObject({ code: 'TB_DIE_MODEL_INVALID' });
  });

  it('is refused with another shape, a truncated archive, or a field missing', async () => {
    const { json, npz } = await writeDieModel(folder, syntheticDieModel());
    const text = await readFile(json, 'utf8');
    const bytes = await readFile(npz);
    await writeFile(json, text.replace('"rows": 6', '"rows": 8').replace('"columns": 8', '"columns": 6'));
    await expect(readDieModel(json)).rejects.toMatchObject({ code: 'TB_DIE_MODEL_INVALID' });
    await writeFile(json, text.replace('"wafer": "W1",', ''));
    await expect(readDieModel(json)).rejects.toThrow(/provenance\.wafer/);
    await writeFile(json, text);
    await writeFile(npz, bytes.subarray(0, 100));
    await expect(readDieModel(json)).rejects.toMatchObject({ code: 'TB_DIE_MODEL_INVALID' });
    await rm(npz);
    await expect(readDieModel(json)).rejects.toMatchObject({ code: 'TB_FILE_NOT_FOUND' });
  });
});

describe('the .npy codec', () => {
  it('returns any array of doubles or bytes with its shape', () => {
    fc.assert(
      fc.property(fc.float64Array({ noNaN: true }), (array) => {
        expect(decodeNpy(encodeNpy(array, [array.length]), 'x')).toEqual({ array, shape: [array.length] });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (array) => {
        expect(decodeNpy(encodeNpy(array, [2, 3]), 'x')).toEqual({ array, shape: [2, 3] });
      }),
    );
  });

  it('starts the data at a multiple of 64 bytes, as numpy writes it', () => {
    for (const length of [1, 10, 100, 12345]) {
      const bytes = encodeNpy(new Float64Array(length), [length]);
      expect((bytes.length - 8 * length) % 64).toBe(0);
    }
  });
});
