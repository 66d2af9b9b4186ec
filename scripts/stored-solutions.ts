import type { ModelStore } from '../db/model-store.ts';
import type { Solution, SolutionKind } from '../training/solution.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

export interface SolutionChoice {
  readonly kind?: string;
  readonly campaign?: string;
  readonly solution?: readonly string[];
  readonly first?: number;
}

/** The solutions of a store that the options name. TB_USAGE when none is left. */
export function chosenSolutions(store: ModelStore, { kind, campaign, solution, first }: SolutionChoice): Solution[] {
  const stored = store.solutions({
    ...(kind !== undefined && { kind: kind as SolutionKind }),
    ...(campaign !== undefined && { campaignId: campaign }),
  });
  const named = solution === undefined ? stored : stored.filter(({ id }) => solution.includes(id));
  const chosen = named.slice(0, first ?? named.length);
  if (chosen.length > 0) return chosen as unknown as Solution[];
  throw new TunnelbenchError('TB_USAGE', {
    thing: store.file,
    what: 'no solution of the store matches the options',
    expected: store
      .campaigns()
      .map(({ id }) => `campaign ${id} (${store.members(id).length} solutions)`)
      .join(', '),
    remedy: 'Train solutions first, or choose others.',
  });
}
