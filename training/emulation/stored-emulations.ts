import type { DieModel } from '../../analysis/die-model.ts';
import type { ModelStore } from '../../db/model-store.ts';
import { kernelBuild } from '../kernels/kernel-build.ts';
import type { EmulatedSolution } from './emulate-die.ts';
import { DEFAULT_CONDITIONS, type EmulationConditions } from './emulation-conditions.ts';
import type { Emulator } from './emulator.ts';

export interface EmulationCampaign {
  readonly solutions: readonly EmulatedSolution[];
  readonly models: readonly DieModel[];
  readonly conditions?: EmulationConditions;
  /** The die as the conditions have it, where they change its resistances; the store keeps the measured model. */
  readonly realise?: (model: DieModel) => DieModel;
  /** SHA-256 of the images' files and the seed of their split: errors on other images are other results. */
  readonly dataset: { readonly sha256: string; readonly splitSeed: number };
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Errors of every solution (columns) on every die (rows). What the store holds is taken from it; what it lacks is
 * computed and stored as it arrives, so that an interrupted campaign goes on where it stopped. Solutions must be in the
 * store; die models are put there.
 */
export async function emulateStored(
  store: ModelStore,
  emulator: Emulator,
  campaign: EmulationCampaign,
): Promise<readonly (readonly number[])[]> {
  const { solutions, models, conditions = DEFAULT_CONDITIONS, realise, signal, onProgress } = campaign;
  const stored = { ...conditions, dataset: campaign.dataset, kernelBuild: kernelBuild().id };
  const total = solutions.length * models.length;
  let done = 0;
  const dies = models.map(async (model) => {
    store.putDieModel(model);
    const known = new Map(
      store
        .emulations({ dieModelId: model.id, conditions: stored })
        .map(({ solutionId, errors }) => [solutionId, errors]),
    );
    const missing = solutions.filter(({ id }) => !known.has(id));
    done += solutions.length - missing.length;
    onProgress?.(done, total);
    await emulator.emulate(missing.length > 0 && realise !== undefined ? realise(model) : model, missing, {
      conditions,
      signal,
      onResults: (part, { errors }) => {
        const results = part.map(({ id }, i) => ({ solutionId: id, errors: errors[i] }));
        for (const { solutionId, errors: count } of results) known.set(solutionId, count);
        store.putEmulations(
          results.map((result) => ({
            ...result,
            dieModelId: model.id,
            conditions: stored,
            images: emulator.images,
            confusion: null,
          })),
        );
        done += part.length;
        onProgress?.(done, total);
      },
    });
    return solutions.map(({ id }) => known.get(id) as number);
  });
  return Promise.all(dies);
}
