import type { PlanRecord, SessionFields, StoredCell } from '../db/records.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { BenchSettings } from './bench-settings.ts';
import { canonicalJson } from './canonical-json.ts';
import type { KnownCell, Lookalike } from './die-fingerprint.ts';
import { planOfDie } from './die-recipes.ts';
import { FingerprintBook } from './fingerprint-book.ts';
import { lookalikesOf } from './lookalikes.ts';
import { type FrozenPlan, positionCount, thawPlan } from './plan.ts';
import { type ProgressSource, planProgress } from './plan-progress.ts';
import type { EarlierWork } from './session-store.ts';
import { storedResistances } from './stored-resistances.ts';

/** What a resume reads of a wafer file; the wafer reader fits as it is. */
export interface ResumeSource extends ProgressSource {
  readonly file: string;
  plan(id: string): PlanRecord | null;
  cells(dieOrdinal: number): StoredCell[];
}

export interface ResumePoint {
  readonly frozen: FrozenPlan;
  readonly fields: SessionFields;
  readonly earlier: EarlierWork;
  readonly positionsLeft: number;
}

const FINGERPRINT_CELLS = 40;

/**
 * Where the last session of a wafer file left off. Everything is read at once, so that the file may be opened for
 * writing afterwards. Throws TB_SESSION_NOT_RESUMABLE when there is no session, or when nothing is left
 * to measure and the last session ended with a safe exit of its own. `takeSkipped`: dies that were skipped at the
 * terminal count as not measured yet.
 */
export function resumePoint(source: ResumeSource, { takeSkipped = false } = {}): ResumePoint {
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
  const { plan } = frozen;
  const { reached, states, stories, positionsLeft } = planProgress(source, frozen, takeSkipped);
  const fingerprints = new FingerprintBook(plan);
  const resistances = storedResistances(source);
  const known = new Map<number, readonly KnownCell[]>();
  const lookalikes = new Map<number, readonly Lookalike[]>();
  const { geometry, wafer } = plan.bench;
  for (const die of plan.dies) {
    const { ordinal } = die;
    const next = reached.get(ordinal) ?? 0;
    if (next === 0 || next >= positionCount(planOfDie(plan, ordinal))) continue;
    const cells = fingerprintOf(source.cells(ordinal));
    known.set(ordinal, cells);
    const addresses = cells.map(({ cell }) => cell);
    lookalikes.set(ordinal, lookalikesOf(die, addresses, wafer.dies, geometry, resistances));
  }
  if (positionsLeft > 0) {
    for (const { ordinal } of wafer.dies) for (const cell of source.cells(ordinal)) fingerprints.note(ordinal, cell);
  }
  // A session that ended without a word left the bench as it was: there is something to do even when nothing is to be
  // measured, namely to make it safe and to say so.
  if (positionsLeft === 0 && session.end !== null) {
    refuse(
      source.file,
      'every cell of the plan is measured or was skipped',
      `${plan.dies.length} dies`,
      'Start another plan to measure again.',
    );
  }
  const earlier: EarlierWork = {
    nextPosition: (die) => reached.get(die) ?? 0,
    die: (die) => states.get(die) ?? { state: 'untouched', touchdowns: 0 },
    knownCells: (die) => known.get(die) ?? [],
    lookalikes: (die) => lookalikes.get(die) ?? [],
    repeats: (die) => stories.repeats(die),
    fingerprints,
    ...(stories.history.cells > 0 && { history: stories.history }),
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
