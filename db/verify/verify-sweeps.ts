import { checksumHolds, SELECT_SWEEP, type StoredSweepRow } from '../sweep-row.ts';
import type { CheckLog } from './findings.ts';
import { cellsAt, type PlanLayout, pointsOf } from './plan-layout.ts';
import type { VerifyContext } from './verify-context.ts';

interface AttemptPlace {
  readonly id: string;
  readonly plan_id: string;
  readonly die: number;
  readonly first_position: number;
  readonly last_position: number;
  readonly reason: string;
}

/** Every sweep's bytes, its length under its plan, and that it lies on the die and in the window of its attempt. */
export function checkSweeps({ db, layouts }: VerifyContext, log: CheckLog): void {
  const attempts = new Map(
    (
      db
        .prepare(
          `SELECT attempt.id, session.plan_id, attempt.die, first_position, last_position, reason
           FROM attempt JOIN session ON session.id = attempt.session_id`,
        )
        .all() as AttemptPlace[]
    ).map((attempt) => [attempt.id, attempt]),
  );
  const places = new Map([...layouts].map(([planId, layout]) => [planId, positionsByCell(layout)]));
  for (const row of db.prepare(`${SELECT_SWEEP} ORDER BY sweep.id`).iterate() as IterableIterator<StoredSweepRow>) {
    log.examined += 1;
    const named = `sweep ${row.id} (die ${row.die}, cell ${row.cell})`;
    // An attempt that is missing is named by the check of references; the checksum covers its id.
    const attempt = row.attempt_id === null ? undefined : attempts.get(row.attempt_id);
    if (attempt === undefined) continue;
    if (!checksumHolds(row)) log.problem(`${named} does not match its checksum`);
    if (attempt.die !== row.die) log.problem(`${named} belongs to an attempt on die ${attempt.die}`);
    const layout = layouts.get(attempt.plan_id);
    const positions = places.get(attempt.plan_id);
    if (layout === undefined || positions === undefined) continue;
    checkAgainstPlan(row, named, layout, log);
    checkWindow(row, named, attempt, positions, log);
  }
}

function checkAgainstPlan(row: StoredSweepRow, named: string, layout: PlanLayout, log: CheckLog) {
  const { geometry } = layout;
  const programme = layout.dieProgrammes.get(row.die) ?? layout.programme;
  const cells = geometry.rows * geometry.columns;
  if (row.cell >= cells) log.problem(`${named} lies outside a die of ${cells} cells`);
  const expected = pointsOf(programme, row.kind);
  if (row.points !== expected) log.problem(`${named} has ${row.points} points; a ${row.kind} sweep has ${expected}`);
  if (row.branch >= programme.branches.length) {
    log.problem(`${named} names branch ${row.branch} of ${programme.branches.length}`);
  }
}

/** Only first passes: re-tests and reference cells are measured outside the order of the plan. */
function checkWindow(
  row: StoredSweepRow,
  named: string,
  { reason, first_position: first, last_position: last }: AttemptPlace,
  positions: ReadonlyMap<number, number>,
  log: CheckLog,
): void {
  if (row.repeat > 0 || (reason !== 'first' && reason !== 'resume')) return;
  const position = positions.get(row.cell);
  if (position === undefined) log.problem(`${named} is not a cell of its plan`);
  else if (position < first || position > last) {
    log.problem(`${named} is position ${position}, its attempt covers ${first}–${last}`);
  }
}

function positionsByCell(layout: PlanLayout): Map<number, number> {
  const positions = new Map<number, number>();
  for (let position = 0; position < layout.pairPositions; position++) {
    for (const cell of cellsAt(layout, position)) positions.set(cell, position);
  }
  return positions;
}
