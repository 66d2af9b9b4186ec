import type Database from 'better-sqlite3';
import { sha256 } from './content-hash.ts';
import { openForReading } from './file-kind.ts';
import { fileError } from './sqlite-errors.ts';
import { CheckLog, type CheckResult } from './verify/findings.ts';
import { type PlanLayout, planLayout } from './verify/plan-layout.ts';
import type { VerifyContext } from './verify/verify-context.ts';
import { checkCells, checkCursors, checkDuplicates } from './verify/verify-places.ts';
import { checkSweeps } from './verify/verify-sweeps.ts';
import { WAFER_FILE } from './wafer-file.ts';

export interface WaferVerification {
  readonly file: string;
  readonly checks: readonly CheckResult[];
  /** Problems over all checks; 0 means that the file is sound. */
  readonly problems: number;
}

type Check = (context: VerifyContext, log: CheckLog) => void;

const CHECKS: readonly (readonly [string, Check])[] = [
  ['structure of the file', checkStructure],
  ['references between tables', checkReferences],
  ['plans and their hashes', checkPlans],
  ['sweeps: checksum, length, place', checkSweeps],
  ['cells and their sweeps', checkCells],
  ['nothing stored twice', checkDuplicates],
  ['cursors against sweeps', checkCursors],
  ['attempts', checkAttempts],
  ['sessions', checkSessions],
];

/**
 * Reads the whole file again and checks everything that can be checked; changes nothing. A file that another process
 * is writing is checked as it was when the check began. Throws only when the file cannot be opened:
 * TB_FILE_NOT_FOUND, TB_FILE_NOT_TUNNELBENCH, TB_FILE_NEWER, TB_FILE_CORRUPT, TB_FILE_IN_USE.
 */
export function verifyWafer(file: string): WaferVerification {
  const db = openForReading(file, WAFER_FILE);
  try {
    // One snapshot for all checks: a writer may be at work.
    db.exec('BEGIN');
    const context = { db, layouts: readLayouts(db, file) };
    const logs = CHECKS.map(([name, check]) => runCheck(name, check, context, file));
    const problems = logs.reduce((sum, log) => sum + log.problems, 0);
    return { file, checks: logs.map((log) => log.result()), problems };
  } finally {
    db.close();
  }
}

/** A check that stumbles over damage reports it and leaves the other checks their turn. */
function runCheck(name: string, check: Check, context: VerifyContext, file: string): CheckLog {
  const log = new CheckLog(name);
  try {
    check(context, log);
  } catch (error) {
    const { facts } = fileError(error, file, 'TB_FILE_CORRUPT');
    log.problem(`the check could not be finished: ${facts.value ?? facts.what}`);
  }
  return log;
}

function readLayouts(db: Database.Database, file: string): Map<string, PlanLayout> {
  const layouts = new Map<string, PlanLayout>();
  try {
    for (const { id, json } of db.prepare('SELECT id, json FROM plan').all() as { id: string; json: string }[]) {
      const layout = planLayout(json);
      if (layout !== null) layouts.set(id, layout);
    }
  } catch (error) {
    throw fileError(error, file, 'TB_FILE_CORRUPT');
  }
  return layouts;
}

function checkStructure({ db }: VerifyContext, log: CheckLog): void {
  log.examined = Number(db.pragma('page_count', { simple: true }));
  const lines = db.pragma('integrity_check') as { integrity_check: string }[];
  for (const { integrity_check: line } of lines) if (line !== 'ok') log.problem(line);
}

function checkReferences({ db }: VerifyContext, log: CheckLog): void {
  const broken = db.pragma('foreign_key_check') as { table: string; rowid: number | null; parent: string }[];
  log.examined = db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get() as number;
  for (const { table, rowid, parent } of broken) {
    log.problem(`a row of ${table}${rowid === null ? '' : ` (${rowid})`} refers to a missing row of ${parent}`);
  }
}

function checkPlans({ db, layouts }: VerifyContext, log: CheckLog): void {
  const plans = db.prepare('SELECT id, sha256, json FROM plan').all() as { id: string; sha256: string; json: string }[];
  for (const plan of plans) {
    log.examined += 1;
    const found = sha256(plan.json);
    if (found !== plan.sha256) log.problem(`plan ${plan.id} has the hash ${found}, not the stored ${plan.sha256}`);
    if (!layouts.has(plan.id)) log.notice(`plan ${plan.id} has a form not known here: lengths and places unchecked`);
  }
}

function checkAttempts({ db }: VerifyContext, log: CheckLog): void {
  log.examined = db.prepare('SELECT count(*) FROM attempt').pluck().get() as number;
  const empty = db
    .prepare(
      `SELECT id, session_id, die, first_position, last_position, reason FROM attempt
       WHERE number NOT IN (SELECT attempt FROM sweep) ORDER BY number`,
    )
    .all() as AttemptRow[];
  for (const { id, die, first_position: first, last_position: last, reason } of empty) {
    log.notice(`attempt ${id} (${reason}, die ${die}, positions ${first}–${last}) was armed and left no sweep`);
  }
}

interface AttemptRow {
  readonly id: string;
  readonly die: number;
  readonly first_position: number;
  readonly last_position: number;
  readonly reason: string;
}

function checkSessions({ db }: VerifyContext, log: CheckLog): void {
  const sessions = db.prepare('SELECT id, started_at, ended_at, safe_state_json FROM session').all() as {
    id: string;
    started_at: string;
    ended_at: string | null;
    safe_state_json: string | null;
  }[];
  for (const session of sessions) {
    log.examined += 1;
    const named = `session ${session.id} of ${session.started_at}`;
    if (session.ended_at === null) log.notice(`${named} has no end: it was killed, or still runs`);
    else if (session.safe_state_json === null) log.notice(`${named} ended without a record of the bench's safe state`);
  }
}
