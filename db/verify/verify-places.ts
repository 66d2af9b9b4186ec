/** Checks that the rows of a file agree with each other about what was measured where. */
import type { CheckLog } from './findings.ts';
import { cellsAt, type PlanLayout } from './plan-layout.ts';
import type { VerifyContext } from './verify-context.ts';

interface Place {
  readonly die: number;
  readonly cell: number;
}

/** Every verdict rests on a sweep of its own cell, and every sweep of record has a verdict. */
export function checkCells({ db }: VerifyContext, log: CheckLog): void {
  log.examined = db.prepare('SELECT count(*) FROM cell').pluck().get() as number;
  const without = db.prepare(
    `SELECT cell.die, cell.cell FROM cell LEFT JOIN sweep ON sweep.id = cell.sweep_id
     WHERE cell.class <> 'unmeasured' AND sweep.id IS NULL`,
  );
  for (const { die, cell } of without.all() as Place[])
    log.problem(`die ${die}, cell ${cell}: a class without a sweep`);
  const foreign = db.prepare(
    `SELECT cell.die, cell.cell, sweep.die AS other_die, sweep.cell AS other_cell
     FROM cell JOIN sweep ON sweep.id = cell.sweep_id WHERE sweep.die <> cell.die OR sweep.cell <> cell.cell`,
  );
  for (const row of foreign.all() as (Place & { other_die: number; other_cell: number })[]) {
    log.problem(`die ${row.die}, cell ${row.cell}: rests on a sweep of die ${row.other_die}, cell ${row.other_cell}`);
  }
  const unjudged = db.prepare(
    `SELECT record.die, record.cell FROM sweep_of_record AS record
     LEFT JOIN cell ON cell.die = record.die AND cell.cell = record.cell WHERE cell.cell IS NULL`,
  );
  for (const { die, cell } of unjudged.all() as Place[])
    log.problem(`die ${die}, cell ${cell}: a sweep without a class`);
  const outside = db.prepare('SELECT die, cell FROM cell, wafer WHERE cell.cell >= wafer.rows * wafer.columns');
  for (const { die, cell } of outside.all() as Place[]) log.problem(`die ${die}, cell ${cell}: outside the crossbar`);
}

/** The first pass of a plan measures a cell in one attempt only, and no sweep is there with the same bytes twice. */
export function checkDuplicates({ db }: VerifyContext, log: CheckLog): void {
  log.examined = db.prepare('SELECT count(*) FROM sweep').pluck().get() as number;
  const passes = db.prepare(
    `SELECT sweep.die, sweep.cell, session.plan_id, count(DISTINCT sweep.attempt) AS attempts
     FROM sweep JOIN attempt ON attempt.number = sweep.attempt JOIN session ON session.id = attempt.session_id
     WHERE sweep.repeat = 0 AND attempt.reason IN ('first', 'resume')
     GROUP BY session.plan_id, sweep.die, sweep.cell HAVING attempts > 1`,
  );
  for (const row of passes.all() as (Place & { plan_id: string; attempts: number })[]) {
    log.problem(`die ${row.die}, cell ${row.cell}: first pass stored by ${row.attempts} attempts of ${row.plan_id}`);
  }
  const copies = db.prepare(
    `SELECT die, cell, count(*) AS copies FROM sweep
     GROUP BY die, repeat, cell, attempt, started_at_ms, checksum HAVING copies > 1`,
  );
  for (const { die, cell, copies: n } of copies.all() as (Place & { copies: number })[]) {
    log.problem(`die ${die}, cell ${cell}: the same sweep is stored ${n} times`);
  }
}

/** A cell that was visited and got no complete sweep: it has a row of class unmeasured, or its die an event that says so. */
function unresolvedCells(db: VerifyContext['db'], die: number): (cell: number) => boolean {
  const event = db.prepare("SELECT 1 FROM event WHERE die = ? AND kind = 'cells-unresolved'").get(die);
  if (event !== undefined) return () => true;
  const rows = db.prepare("SELECT cell FROM cell WHERE die = ? AND class = 'unmeasured'").pluck().all(die);
  const cells = new Set(rows as number[]);
  return (cell) => cells.has(cell);
}

/** Every position before a cursor has its sweeps, and none at or behind it has. */
export function checkCursors({ db, layouts }: VerifyContext, log: CheckLog): void {
  const measured = db
    .prepare(
      `SELECT DISTINCT sweep.cell FROM sweep JOIN attempt ON attempt.number = sweep.attempt
       JOIN session ON session.id = attempt.session_id
       WHERE session.plan_id = ? AND sweep.die = ? AND sweep.repeat = 0 AND attempt.reason IN ('first', 'resume', 'retest')`,
    )
    .pluck();
  const reached = db.prepare('SELECT next_position FROM cursor WHERE plan_id = ? AND die = ?').pluck();
  const dies = db.prepare('SELECT die FROM die ORDER BY die').pluck().all() as number[];
  for (const [planId, layout] of layouts) {
    for (const die of dies) {
      const next = (reached.get(planId, die) as number | undefined) ?? 0;
      const cells = new Set(measured.all(planId, die) as number[]);
      if (next === 0 && cells.size === 0) continue;
      checkOneCursor(
        {
          layout,
          named: `plan ${planId}, die ${die}`,
          next,
          cells,
          excused: unresolvedCells(db, die),
          begunAnew: wasBegunAnew(db, die),
        },
        log,
      );
    }
  }
}

interface DieCursor {
  readonly layout: PlanLayout;
  readonly named: string;
  readonly next: number;
  /** Cells with a sweep of the first pass. */
  readonly cells: ReadonlySet<number>;
  /** Whether a missing sweep is accounted for. */
  readonly excused: (cell: number) => boolean;
  /** The die was measured again from its beginning: sweeps behind the cursor are those of the visit before. */
  readonly begunAnew: boolean;
}

function wasBegunAnew(db: VerifyContext['db'], die: number): boolean {
  return db.prepare("SELECT 1 FROM event WHERE die = ? AND kind = 'die-repeated'").get(die) !== undefined;
}

function checkOneCursor({ layout, named, next, cells, excused, begunAnew }: DieCursor, log: CheckLog): void {
  for (let position = 0; position < layout.pairPositions; position++) {
    log.examined += 1;
    for (const cell of cellsAt(layout, position)) {
      if (position < next && !cells.has(cell)) {
        const text = `${named}: position ${position} is passed, cell ${cell} has no sweep`;
        if (excused(cell)) log.notice(`${text}; the session recorded that it got none`);
        else log.problem(text);
      }
      if (position >= next && cells.has(cell) && !begunAnew) {
        log.problem(`${named}: cell ${cell} has a sweep, but the cursor (${next}) has not passed position ${position}`);
      }
    }
  }
}
