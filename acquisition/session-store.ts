import type {
  AttemptRecord,
  CellRecord,
  CursorRecord,
  DieUpdate,
  EventRecord,
  InstrumentRecord,
  PlanRecord,
  SessionEnd,
  SessionRecord,
  SweepRecord,
} from '../db/records.ts';
import type { KnownCell, Lookalike } from './die-fingerprint.ts';
import type { FingerprintBook } from './fingerprint-book.ts';

/** What a session writes, and how it is held back; the wafer file's writer fits as it is. */
export interface SessionStore {
  addPlan(plan: PlanRecord): Promise<void>;
  addSession(session: SessionRecord): Promise<void>;
  endSession(id: string, end: SessionEnd, safeStateJson: string | null): Promise<void>;
  addInstruments(instruments: readonly InstrumentRecord[]): Promise<void>;
  /** Resolves when durable: only then may the attempt's first position be armed. */
  addAttempt(attempt: AttemptRecord): Promise<void>;
  updateDie(dieOrdinal: number, update: DieUpdate): Promise<void>;
  addEvent(event: EventRecord): Promise<void>;
  /** One transaction for sweeps, verdicts and cursor; queued. */
  addSweeps(batch: {
    readonly sweeps: readonly SweepRecord[];
    readonly cells: readonly CellRecord[];
    readonly cursor: CursorRecord;
  }): void;
  /** Resolves when fewer than a bounded number of sweeps wait to be written. */
  ready(): Promise<void>;
  flush(): Promise<void>;
  /** Never resolves; rejects as soon as writing fails. */
  readonly failure: Promise<never>;
}

/** Work that was done, from which the time of the work to come can be told. */
export interface WorkHistory {
  readonly cells: number;
  readonly seconds: number;
}

/** What earlier sessions of the same plan left, by die. A fresh start has none of it. */
export interface EarlierWork {
  nextPosition(dieOrdinal: number): number;
  die(dieOrdinal: number): { readonly state: string; readonly touchdowns: number };
  /** Cells by which a die that was begun can be known again. */
  knownCells(dieOrdinal: number): readonly KnownCell[];
  /** How often a die was to be measured again from its beginning, besides what the plan says, and how often that began. */
  repeats?(dieOrdinal: number): { readonly asked: number; readonly begun: number };
  /** Cells measured by earlier sessions with this recipe and the time they took: what to expect of this one. */
  readonly history?: WorkHistory;
  /** Some cells of the dies measured so far; the session adds those that it measures. */
  readonly fingerprints?: FingerprintBook;
  /** What the needles would find instead if the wafer were shifted or turned; only to name a mismatch. */
  lookalikes?(dieOrdinal: number): readonly Lookalike[];
}

export const NOTHING_EARLIER: EarlierWork = {
  nextPosition: () => 0,
  die: () => ({ state: 'untouched', touchdowns: 0 }),
  knownCells: () => [],
};
