import type { PlanRecord, SessionFields, SessionRecord, StoredCell } from '../db/records.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { BenchSettings } from './bench-settings.ts';
import { canonicalJson } from './canonical-json.ts';
import type { KnownCell, Lookalike } from './die-fingerprint.ts';
import { lookalikesOf } from './lookalikes.ts';
import { type FrozenPlan, positionCount, thawPlan } from './plan.ts';
import type { EarlierWork } from './session-store.ts';

/** What a resume reads of a wafer file; the wafer reader fits as it is. */
export interface ResumeSource {
  readonly file: string;
  sessions(): SessionRecord[];
  plan(id: string): PlanRecord | null;
  cursor(planId: string, dieOrdinal: number): { readonly nextPosition: number } | null;
  dies(): { readonly ordinal: number; readonly state: string; readonly touchdowns: number }[];
  cells(dieOrdinal: number): StoredCell[];
}

export interface ResumePoint {
  readonly frozen: FrozenPlan;
  readonly fields: SessionFields;
  readonly earlier: EarlierWork;
  readonly positionsLeft: number;
}

const FINGERPRINT_CELLS = 20;

/**
 * Where the last session of a wafer file left off. Everything is read at once, so that the file may be opened for
 * writing afterwards. Throws TB_SESSION_NOT_RESUMABLE when there is no session, or when nothing is left
 * to measure and the last session ended with a safe exit of its own.
 */
export function resumePoint(source: ResumeSource): ResumePoint {
  const session = source.sessions().at(-1);
  const record = session === undefined ? null : source.plan(session.planId);
  if (session === undefined || record === null) {
    return refuse(
      source.file,
      'no session was ever started on this file',
      'none',
      'Start one with "tunnelbench measure".',
    );
  }
  const frozen = thawPlan(record);
  const total = positionCount(frozen.plan);
  const dies = new Map(source.dies().map((die) => [die.ordinal, die]));
  const reached = new Map<number, number>();
  const known = new Map<number, readonly KnownCell[]>();
  const lookalikes = new Map<number, readonly Lookalike[]>();
  const { geometry, wafer } = frozen.plan.bench;
  let positionsLeft = 0;
  for (const die of frozen.plan.dies) {
    const { ordinal } = die;
    const next = source.cursor(record.id, ordinal)?.nextPosition ?? 0;
    reached.set(ordinal, next);
    positionsLeft += total - next;
    if (next === 0 || next >= total) continue;
    const cells = fingerprintOf(source.cells(ordinal));
    known.set(ordinal, cells);
    const cellsOf = (other: number) => source.cells(other);
    lookalikes.set(ordinal, lookalikesOf(die, cells, wafer.dies, geometry, cellsOf));
  }
  // A session that ended without a word left the bench as it was: there is something to do even when nothing is to be
  // measured, namely to make it safe and to say so.
  if (positionsLeft === 0 && session.end !== null) {
    refuse(
      source.file,
      'every cell of the plan is measured',
      `${total} positions a die`,
      'Start another plan to measure again.',
    );
  }
  const earlier: EarlierWork = {
    nextPosition: (die) => reached.get(die) ?? 0,
    die: (die) => dies.get(die) ?? { state: 'untouched', touchdowns: 0 },
    knownCells: (die) => known.get(die) ?? [],
    lookalikes: (die) => lookalikes.get(die) ?? [],
  };
  return { frozen, fields: session.fields, earlier, positionsLeft };
}

/** The bench of a resume must be the plan's: same geometry, pads, limits, gate, supplies, polarity and wafer. */
export function checkSameBench({ plan }: FrozenPlan, now: BenchSettings): void {
  for (const key of Object.keys(plan.bench) as (keyof BenchSettings)[]) {
    const [then, today] = [canonicalJson(plan.bench[key]), canonicalJson(now[key])];
    if (then === today) continue;
    const code = key === 'wafer' ? 'TB_WAFER_MISMATCH' : 'TB_SESSION_NOT_RESUMABLE';
    throw new TunnelbenchError(code, {
      thing: `bench file, ${key}`,
      what: 'differs from the bench the plan was made for',
      value: shorten(today),
      expected: shorten(then),
      remedy: 'Resume on the same bench, or measure with a new plan.',
    });
  }
}

/** Healthy cells spread over what was measured. */
export function fingerprintOf(cells: readonly StoredCell[]): KnownCell[] {
  const healthy = cells.flatMap((cell) =>
    cell.class === 'healthy' && cell.rP !== null && cell.rAp !== null
      ? [{ cell: cell.cell, rP: cell.rP, rAp: cell.rAp }]
      : [],
  );
  const step = Math.max(1, Math.floor(healthy.length / FINGERPRINT_CELLS));
  return healthy.filter((_, index) => index % step === 0).slice(0, FINGERPRINT_CELLS);
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
}

function refuse(thing: string, what: string, value: string, remedy: string): never {
  throw new TunnelbenchError('TB_SESSION_NOT_RESUMABLE', { thing, what, value, remedy });
}
