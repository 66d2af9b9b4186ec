import type { ModelStore } from '../../db/model-store.ts';
import type { Solution } from '../solution.ts';
import type { Ensemble, EnsembleProgress, Trainer } from '../trainer/trainer.ts';

export interface StoredEnsemble {
  /** The training; its members are 0 … count − 1. */
  readonly ensemble: Omit<Ensemble, 'members' | 'signal' | 'onProgress'>;
  readonly count: number;
  /** What the training saw of dies, as plain JSON: a correction or a sampler is data too large to tell it by. */
  readonly source: object | null;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: EnsembleProgress) => void;
}

/**
 * The members 0 … count − 1 of an ensemble, from the store where it has them, trained and stored where it has not. An
 * interrupted ensemble loses the solutions in flight only; a larger count continues a smaller one.
 */
export async function trainStored(
  store: ModelStore,
  trainer: Trainer,
  { ensemble, count, source, signal, onProgress }: StoredEnsemble,
): Promise<Solution[]> {
  const { sha256, splitSeed } = trainer.dataset;
  const { kind, parameters, seed, shape = null } = ensemble;
  const { id: campaignId } = store.campaign('training', {
    kind,
    shape,
    parameters,
    seed,
    source,
    dataset: { sha256, splitSeed },
    kernelBuild: trainer.kernelBuild,
  });
  const known = new Set(store.members(campaignId));
  const members = Array.from({ length: count }, (_, member) => member).filter((member) => !known.has(member));
  if (members.length > 0) {
    const request = { ...ensemble, members, signal, ...(onProgress !== undefined && { onProgress }) };
    for await (const { member, solution } of trainer.trainEnsemble(request)) {
      store.putSolution(solution, { campaignId, member });
    }
  }
  return store
    .solutions({ campaignId })
    .slice(0, count)
    .map((stored) => stored as unknown as Solution);
}
