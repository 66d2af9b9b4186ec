import type Database from 'better-sqlite3';
import type { CellClass, ClassThresholds } from '../wafer/cell-class.ts';
import { CELL_CLASSES } from '../wafer/cell-class.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { rowToCell, type StoredCellRow } from './cell-row.ts';
import { openForReading } from './file-kind.ts';
import type {
  AttemptRecord,
  CursorRecord,
  DieRecord,
  DieYield,
  EventRecord,
  InstrumentRecord,
  NoteRecord,
  PlanRecord,
  SessionRecord,
  StoredCell,
  StoredSweep,
  WaferRecord,
} from './records.ts';
import { checksumHolds, rowToSweep, SELECT_SWEEP, type StoredSweepRow } from './sweep-row.ts';
import { WAFER_FILE } from './wafer-file.ts';
import { type DieRow, dieOf, type SessionRow, sessionOf, type WaferRow, waferOf } from './wafer-rows.ts';

/** Cells of a die by their latest class; `unmeasured` counts the cells without a verdict too. */
export type ClassCounts = Record<CellClass, number>;

interface ClassCountRow {
  readonly class: CellClass;
  readonly cells: number;
}

/**
 * Read-only, synchronous view of a wafer file; works while a writer is busy and sees what was committed when each call
 * starts. Every sweep's checksum is checked as it is read: TB_FILE_CORRUPT names the sweep.
 */
export class WaferReader {
  readonly file: string;
  private readonly db: Database.Database;
  private readonly prepared = new Map<string, Database.Statement>();
  private readonly thresholds = new Map<number, ClassThresholds>();

  /** TB_FILE_NOT_FOUND, TB_FILE_NOT_TUNNELBENCH, TB_FILE_NEWER, TB_FILE_IN_USE. */
  static open(file: string): WaferReader {
    return new WaferReader(file, openForReading(file, WAFER_FILE));
  }

  private constructor(file: string, db: Database.Database) {
    this.file = file;
    this.db = db;
  }

  close(): void {
    this.db.close();
  }

  wafer(): WaferRecord {
    const row = this.get<WaferRow>('SELECT * FROM wafer') as WaferRow;
    return waferOf(row, this.all<DieRow>('SELECT * FROM die ORDER BY die').map(dieOf));
  }

  /** In the order of measuring. */
  dies(): DieRecord[] {
    return this.all<DieRow>('SELECT * FROM die ORDER BY die').map(dieOf);
  }

  /** In the order they were added. */
  plans(): PlanRecord[] {
    return this.all<PlanRecord>('SELECT id, sha256, json FROM plan ORDER BY rowid');
  }

  plan(id: string): PlanRecord | null {
    return this.get<PlanRecord>('SELECT id, sha256, json FROM plan WHERE id = ?', id);
  }

  /** In the order they were started. */
  sessions(): SessionRecord[] {
    return this.all<SessionRow>('SELECT * FROM session ORDER BY rowid').map(sessionOf);
  }

  session(id: string): SessionRecord | null {
    const row = this.get<SessionRow>('SELECT * FROM session WHERE id = ?', id);
    return row === null ? null : sessionOf(row);
  }

  instruments(sessionId: string): InstrumentRecord[] {
    return this.all<InstrumentRecord>(
      `SELECT session_id AS sessionId, name, resource, driver, vendor, model, serial, firmware,
         settings_json AS settingsJson FROM instrument WHERE session_id = ? ORDER BY name`,
      sessionId,
    );
  }

  /** In the order they were committed. */
  attempts(sessionId: string): AttemptRecord[] {
    return this.all<AttemptRecord>(
      `SELECT id, session_id AS sessionId, die AS dieOrdinal, first_position AS firstPosition,
         last_position AS lastPosition, reason, started_at AS startedAt
       FROM attempt WHERE session_id = ? ORDER BY rowid`,
      sessionId,
    );
  }

  /** The place reached on a die under a plan; null where nothing of it was committed. */
  cursor(planId: string, dieOrdinal: number): CursorRecord | null {
    return this.get<CursorRecord>(
      `SELECT plan_id AS planId, die AS dieOrdinal, next_position AS nextPosition
       FROM cursor WHERE plan_id = ? AND die = ?`,
      planId,
      dieOrdinal,
    );
  }

  cursors(planId: string): CursorRecord[] {
    return this.all<CursorRecord>(
      `SELECT plan_id AS planId, die AS dieOrdinal, next_position AS nextPosition
       FROM cursor WHERE plan_id = ? ORDER BY die`,
      planId,
    );
  }

  /** The cells of a die that have a verdict, by index. */
  cells(dieOrdinal: number): StoredCell[] {
    const rows = this.all<StoredCellRow>('SELECT * FROM cell WHERE die = ? ORDER BY cell', dieOrdinal);
    return rows.map((row) => rowToCell(row, this.thresholdsOf(row.thresholds_id)));
  }

  cell(dieOrdinal: number, cell: number): StoredCell | null {
    const row = this.get<StoredCellRow>('SELECT * FROM cell WHERE die = ? AND cell = ?', dieOrdinal, cell);
    return row === null ? null : rowToCell(row, this.thresholdsOf(row.thresholds_id));
  }

  /** The latest committed sweep of a cell with this repeat number: with 0 its sweep of record. */
  sweepOf(dieOrdinal: number, cell: number, repeat = 0): StoredSweep | null {
    const row = this.get<StoredSweepRow>(
      `${SELECT_SWEEP} WHERE sweep.die = ? AND repeat = ? AND cell = ? ORDER BY sweep.id DESC LIMIT 1`,
      dieOrdinal,
      repeat,
      cell,
    );
    return row === null ? null : this.checked(row);
  }

  /** Every sweep ever stored of a cell, repeats and superseded ones included, oldest first. */
  sweepsOf(dieOrdinal: number, cell: number): StoredSweep[] {
    const rows = this.all<StoredSweepRow>(
      `${SELECT_SWEEP} WHERE sweep.die = ? AND cell = ? ORDER BY sweep.id`,
      dieOrdinal,
      cell,
    );
    return rows.map((row) => this.checked(row));
  }

  /** The sweeps of record of a die, by cell index, one at a time: a die need not fit in memory. */
  *sweeps(dieOrdinal: number): IterableIterator<StoredSweep> {
    const record = 'SELECT max(id) FROM sweep WHERE die = ? AND repeat = 0 GROUP BY cell';
    const rows = this.db.prepare(`${SELECT_SWEEP} WHERE sweep.id IN (${record}) ORDER BY cell`).iterate(dieOrdinal);
    for (const row of rows) yield this.checked(row as StoredSweepRow);
  }

  /**
   * The sweeps of a die with repeat ≥ 1, by cell, then in order of measuring: superseded sweeps, loops of the repeat
   * sample, looks at reference cells. `reason` keeps those of attempts with that reason.
   */
  *repeats(dieOrdinal: number, reason?: AttemptRecord['reason']): IterableIterator<StoredSweep> {
    const rows = this.db
      .prepare(
        `${SELECT_SWEEP}
         WHERE sweep.die = ? AND sweep.repeat > 0 AND attempt.reason = coalesce(?, attempt.reason)
         ORDER BY sweep.cell, sweep.id`,
      )
      .iterate(dieOrdinal, reason ?? null);
    for (const row of rows) yield this.checked(row as StoredSweepRow);
  }

  sweepsInSession(sessionId: string): number {
    const sql = 'SELECT count(*) AS n FROM sweep JOIN attempt ON attempt.number = attempt WHERE session_id = ?';
    return this.get<{ n: number }>(sql, sessionId)?.n ?? 0;
  }

  /** All sweeps, or those of one die. */
  sweepCount(dieOrdinal?: number): number {
    const row =
      dieOrdinal === undefined
        ? this.get<{ n: number }>('SELECT count(*) AS n FROM sweep')
        : this.get<{ n: number }>('SELECT count(*) AS n FROM sweep WHERE die = ?', dieOrdinal);
    return row?.n ?? 0;
  }

  /** Of one die, or of all dies together. */
  countsByClass(dieOrdinal?: number): ClassCounts {
    const rows =
      dieOrdinal === undefined
        ? this.all<ClassCountRow>('SELECT class, count(*) AS cells FROM cell GROUP BY class')
        : this.all<ClassCountRow>('SELECT class, count(*) AS cells FROM cell WHERE die = ? GROUP BY class', dieOrdinal);
    const counts = Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as ClassCounts;
    for (const { class: name, cells } of rows) counts[name] = cells;
    const { geometry, dies } = this.wafer();
    const all = geometry.rows * geometry.columns * (dieOrdinal === undefined ? dies.length : 1);
    counts.unmeasured += all - Object.values(counts).reduce((sum, count) => sum + count, 0);
    return counts;
  }

  /** One row per die; both denominators, null where nothing was measured. */
  yields(): DieYield[] {
    return this.all<DieYield>(
      `SELECT die AS dieOrdinal, x, y, state, cells, measured, healthy, healthy_first_pass AS healthyFirstPass,
         yield_of_measured AS yieldOfMeasured, yield_of_all AS yieldOfAll FROM die_yield ORDER BY die`,
    );
  }

  /** In the order they were committed; of one session, or of all. */
  events(sessionId?: string): EventRecord[] {
    return this.all<EventRecord>(
      `SELECT session_id AS sessionId, at_ms AS atMs, level, kind, die AS dieOrdinal, text, data_json AS dataJson
       FROM event WHERE session_id = coalesce(?, session_id) ORDER BY id`,
      sessionId ?? null,
    );
  }

  notes(): NoteRecord[] {
    return this.all<NoteRecord>(
      `SELECT session_id AS sessionId, die AS dieOrdinal, cell, at_ms AS atMs, author, text FROM note ORDER BY id`,
    );
  }

  private checked(row: StoredSweepRow): StoredSweep {
    if (checksumHolds(row)) return { id: row.id, ...rowToSweep(row) };
    throw new TunnelbenchError('TB_FILE_CORRUPT', {
      thing: this.file,
      what: `sweep ${row.id} (die ${row.die}, cell ${row.cell}) does not match its checksum`,
      remedy: 'Run "tunnelbench verify" on the file and go back to a copy that verifies.',
    });
  }

  private thresholdsOf(id: number | null): ClassThresholds | null {
    if (id === null) return null;
    const known = this.thresholds.get(id);
    if (known !== undefined) return known;
    const read = this.get<ClassThresholds>(
      `SELECT shorted_below_ohms AS shortedBelowOhms, line_short_below_ohms AS lineShortBelowOhms,
         subpar_below_ohms AS subparBelowOhms, open_above_ohms AS openAboveOhms, min_tmr AS minTmr,
         guard_sigmas AS guardSigmas FROM thresholds WHERE id = ?`,
      id,
    );
    if (read !== null) this.thresholds.set(id, read);
    return read;
  }

  private get<Row>(sql: string, ...values: (string | number | null)[]): Row | null {
    return (this.statement(sql).get(...values) as Row | undefined) ?? null;
  }

  private all<Row>(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  private statement(sql: string): Database.Statement {
    const known = this.prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.db.prepare(sql);
    this.prepared.set(sql, statement);
    return statement;
  }
}
