import type { EventRecord, SessionRecord } from '../db/records.ts';
import type { DieSummary } from './die-summary.ts';
import type { WorkHistory } from './session-store.ts';

/** What the events of a plan's sessions tell of its dies. */
export interface DieStories {
  /** Repetitions asked for besides those of the plan, and begun. */
  repeats(dieOrdinal: number): { readonly asked: number; readonly begun: number };
  /** The die was begun anew and not finished since. Its cursor may still be that of the visit before. */
  beganAnew(dieOrdinal: number): boolean;
  /** Dies measured to their end: cells and time, contact included. */
  readonly history: WorkHistory;
}

interface StorySource {
  sessions(): SessionRecord[];
  events(sessionId?: string): EventRecord[];
}

/** Reads the events of every session of a plan. */
export function dieStories(source: StorySource, planId: string): DieStories {
  const events = source.sessions().flatMap(({ id, planId: of }) => (of === planId ? source.events(id) : []));
  const byDie = Map.groupBy(events, ({ dieOrdinal }) => dieOrdinal);
  const count = (die: number, kind: string) => (byDie.get(die) ?? []).filter((event) => event.kind === kind).length;
  return {
    repeats: (die) => ({ asked: count(die, 'die-repeat-asked'), begun: count(die, 'die-repeated') }),
    beganAnew: (die) => (byDie.get(die) ?? []).findLast(({ kind }) => isTurn(kind))?.kind === 'die-repeated',
    history: historyOf(events),
  };
}

/** What changes whether a die is measured; its first sweep after "die-repeated" moves the cursor itself. */
function isTurn(kind: string): boolean {
  return kind === 'die-repeated' || kind === 'die-finished';
}

/** Cells and seconds of the dies that these events say were measured. */
export function historyOf(events: readonly EventRecord[]): WorkHistory {
  let cells = 0;
  let seconds = 0;
  for (const { kind, dataJson } of events) {
    if (kind !== 'die-finished' || dataJson === null) continue;
    const summary = JSON.parse(dataJson) as DieSummary;
    cells += Object.values(summary.counts).reduce((sum, count) => sum + count, 0);
    seconds += summary.seconds;
  }
  return { cells, seconds };
}
