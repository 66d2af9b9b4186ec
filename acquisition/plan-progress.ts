import type { EventRecord, SessionRecord } from '../db/records.ts';
import { planOfDie } from './die-recipes.ts';
import { type DieStories, dieStories } from './die-stories.ts';
import { type FrozenPlan, positionCount } from './plan.ts';

/** What of a wafer file tells how far a plan has come; the wafer reader fits as it is. */
export interface ProgressSource {
  sessions(): SessionRecord[];
  cursor(planId: string, dieOrdinal: number): { readonly nextPosition: number } | null;
  dies(): readonly DieProgress[];
  events(sessionId?: string): EventRecord[];
}

interface DieProgress {
  readonly ordinal: number;
  readonly state: string;
  readonly touchdowns: number;
}

export interface PlanProgress {
  /** The next position of each die of the plan. */
  readonly reached: ReadonlyMap<number, number>;
  readonly states: ReadonlyMap<number, DieProgress>;
  readonly stories: DieStories;
  /** Of all dies that were not skipped, repetitions included. */
  readonly positionsLeft: number;
}

/** How far a plan has come. `takeSkipped`: dies that were skipped at the terminal count as not measured yet. */
export function planProgress(source: ProgressSource, { plan, record }: FrozenPlan, takeSkipped = false): PlanProgress {
  const stories = dieStories(source, record.id);
  const states = new Map(source.dies().map((die) => [die.ordinal, stateOf(die, takeSkipped)]));
  const reached = new Map<number, number>();
  let positionsLeft = 0;
  for (const { ordinal } of plan.dies) {
    const total = positionCount(planOfDie(plan, ordinal));
    const cursor = source.cursor(record.id, ordinal)?.nextPosition ?? 0;
    const next = cursor >= total && stories.beganAnew(ordinal) ? 0 : cursor;
    const { asked, begun } = stories.repeats(ordinal);
    const repetitions = (plan.repeatDies?.includes(ordinal) ? 1 : 0) + asked - begun;
    reached.set(ordinal, next);
    if (states.get(ordinal)?.state !== 'skipped') positionsLeft += total - next;
    positionsLeft += repetitions * total;
  }
  return { reached, states, stories, positionsLeft };
}

function stateOf(die: DieProgress, takeSkipped: boolean): DieProgress {
  return takeSkipped && die.state === 'skipped' ? { ...die, state: 'untouched' } : die;
}
