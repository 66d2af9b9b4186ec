import type { ModelStore } from '../db/model-store.ts';
import type { Solution, SolutionKind } from '../training/solution.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

export interface SolutionChoice {
  readonly kind?: string;
  readonly campaign?: string;
  readonly solution?: readonly string[];
  readonly first?: number;
}

/** Campaigns that an error message names. */
const LISTED = 3;

/** The solutions of a store that the options name. TB_USAGE when none is left. */
export function chosenSolutions(store: ModelStore, { kind, campaign, solution, first }: SolutionChoice): Solution[] {
  const stored = store.solutions({
    ...(kind !== undefined && { kind: kind as SolutionKind }),
    ...(campaign !== undefined && { campaignId: campaign }),
  });
  const named = solution === undefined ? stored : stored.filter(({ id }) => solution.includes(id));
  const chosen = named.slice(0, first ?? named.length);
  if (chosen.length > 0) return chosen as unknown as Solution[];
  const campaigns = store.campaigns().map(({ id }) => `${id} (${store.members(id).length} solutions)`);
  const more = campaigns.length > LISTED ? ` and ${campaigns.length - LISTED} more` : '';
  throw new TunnelbenchError('TB_USAGE', {
    thing: store.file,
    what: 'no solution of the store matches the options',
    expected:
      campaigns.length === 0 ? 'solutions' : `a campaign such as ${campaigns.slice(0, LISTED).join(', ')}${more}`,
    remedy: 'Train solutions first, or choose others.',
  });
}
