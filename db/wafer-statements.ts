import type Database from 'better-sqlite3';
import type { ClassThresholds } from '../wafer/cell-class.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { CELL_COLUMNS, type CellRow, cellToRow } from './cell-row.ts';
import type { CursorRecord, DieUpdate, InstrumentRecord, SessionRecord, WaferRecord } from './records.ts';
import { unpackSweeps } from './sweep-pack.ts';
import { SWEEP_COLUMNS, sweepToRow } from './sweep-row.ts';
import type { WriterEntry } from './writer-protocol.ts';

/** Writes one entry; runs inside the caller's transaction. */
export type ApplyEntry = (entry: WriterEntry) => void;

/** First rows of a new file: the wafer and its dies, none touched. */
export function insertWafer(db: Database.Database, wafer: WaferRecord): void {
  const { id, lot, geometry, dies, createdAt } = wafer;
  db.prepare(
    `INSERT INTO wafer (id, lot, wafer, rows, columns, columns_per_enable_line, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(id, lot, wafer.wafer, geometry.rows, geometry.columns, geometry.columnsPerEnableLine, createdAt);
  const insertDie = db.prepare('INSERT INTO die (die, x, y) VALUES (?, ?, ?)');
  for (const { ordinal, x, y } of dies) insertDie.run(ordinal, x, y);
}

/** Prepares every statement once; they are compiled when the file is opened, not while it measures. */
export function preparedWrites(db: Database.Database): ApplyEntry {
  const writeSweeps = prepareSweeps(db);
  const thresholdsId = prepareThresholds(db);
  const reclassify = prepareReclassify(db);
  const insertPlan = db.prepare('INSERT INTO plan (id, sha256, json, thresholds_id) VALUES (?, ?, ?, ?)');
  const insertSession = prepareInsert(db, 'session', SESSION_COLUMNS);
  const insertInstrument = prepareInsert(db, 'instrument', INSTRUMENT_COLUMNS);
  const endSession = db.prepare('UPDATE session SET ended_at = ?, ending = ?, safe_state_json = ? WHERE id = ?');
  const insertAttempt = prepareInsert(db, 'attempt', ATTEMPT_COLUMNS);
  const updateDie = prepareDieUpdate(db);
  const insertEvent = prepareInsert(db, 'event', EVENT_COLUMNS);
  const insertNote = prepareInsert(db, 'note', NOTE_COLUMNS);

  return (entry) => {
    switch (entry.op) {
      case 'sweeps':
        return writeSweeps(entry);
      case 'plan': {
        const { id, sha256, json } = entry.plan;
        const thresholds = thresholdsOfPlan(json);
        return void insertPlan.run(id, sha256, json, thresholds === null ? null : thresholdsId(thresholds));
      }
      case 'session':
        return void insertSession.run(sessionRow(entry.session));
      case 'sessionEnd':
        return mustChange(
          endSession.run(entry.endedAt, entry.end, entry.safeStateJson, entry.id),
          `session ${entry.id}`,
        );
      case 'instruments':
        for (const instrument of entry.instruments) insertInstrument.run(instrumentRow(instrument));
        return;
      case 'attempt': {
        const { id, sessionId, dieOrdinal, firstPosition, lastPosition, reason, startedAt } = entry.attempt;
        return void insertAttempt.run(id, sessionId, dieOrdinal, firstPosition, lastPosition, reason, startedAt);
      }
      case 'die':
        return updateDie(entry.dieOrdinal, entry.update);
      case 'event': {
        const { sessionId, atMs, level, kind, dieOrdinal, text, dataJson } = entry.event;
        return void insertEvent.run(sessionId, Math.round(atMs), level, kind, dieOrdinal, text, dataJson);
      }
      case 'note': {
        const { sessionId, dieOrdinal, cell, atMs, author, text } = entry.note;
        return void insertNote.run(sessionId, dieOrdinal, cell, Math.round(atMs), author, text);
      }
      case 'reclassify': {
        const id = thresholdsId(entry.thresholds);
        for (const cell of entry.cells) reclassify(cell, id);
      }
    }
  };
}

function prepareSweeps(db: Database.Database): (entry: Extract<WriterEntry, { op: 'sweeps' }>) => void {
  const insertSweep = prepareInsert(db, 'sweep', SWEEP_COLUMNS);
  const upsertCell = db.prepare(upsertCellSql());
  const latestSweep = db
    .prepare('SELECT max(id) FROM sweep WHERE die = ? AND repeat = 0 AND cell = ?')
    .pluck() as Database.Statement<[number, number], number | null>;
  const attemptNumber = remembered(db.prepare('SELECT number FROM attempt WHERE id = ?').pluck());
  const planThresholds = remembered(db.prepare('SELECT thresholds_id FROM plan WHERE id = ?').pluck());
  const upsertCursor = db.prepare(
    `INSERT INTO cursor (plan_id, die, next_position) VALUES (?, ?, ?)
     ON CONFLICT (plan_id, die) DO UPDATE SET next_position = excluded.next_position`,
  );
  return ({ packed }) => {
    // All in one transaction: of a die's cursors the last one is what would remain.
    const cursors = new Map<string, CursorRecord>();
    for (const { sweeps, cells, cursor } of unpackSweeps(packed)) {
      const written: { readonly die: number; readonly cell: number; readonly id: number | bigint }[] = [];
      for (const sweep of sweeps) {
        // Value by value: out of an array each one would be looked up anew.
        const row = sweepToRow(sweep, attemptNumber(sweep.attemptId) ?? UNKNOWN);
        const { lastInsertRowid: id } = insertSweep.run(...row);
        if (sweep.repeat === 0) written.push({ die: sweep.dieOrdinal, cell: sweep.cell, id });
      }
      for (const record of cells) {
        const { dieOrdinal: die, cell } = record;
        const own = written.findLast((one) => one.cell === cell && one.die === die)?.id;
        const sweepId = own ?? latestSweep.get(die, cell) ?? null;
        upsertCell.run(...cellToRow(record), record.class, sweepId, planThresholds(cursor.planId));
      }
      cursors.set(`${cursor.dieOrdinal} ${cursor.planId}`, cursor);
    }
    for (const { planId, dieOrdinal, nextPosition } of cursors.values()) {
      upsertCursor.run(planId, dieOrdinal, nextPosition);
    }
  };
}

/** No attempt has this number: a sweep that names one nobody added is refused. */
const UNKNOWN = -1;

/** The value found for the text asked for last; the rows asked for never change. */
function remembered(find: Database.Statement): (text: string) => number | null {
  let asked: string | null = null;
  let found: number | null = null;
  return (text) => {
    if (text === asked && found !== null) return found;
    found = (find.get(text) as number | null | undefined) ?? null;
    asked = text;
    return found;
  };
}

function prepareReclassify(db: Database.Database): (row: CellRow, thresholdsId: number) => void {
  const changing = CELL_COLUMNS.slice(2).map((column) => `${column} = ?`);
  const update = db.prepare(`UPDATE cell SET ${changing.join(', ')}, thresholds_id = ? WHERE die = ? AND cell = ?`);
  return (row, thresholdsId) =>
    mustChange(update.run(row.slice(2), thresholdsId, row[0], row[1]), `die ${row[0]}, cell ${row[1]}`);
}

/** A cell keeps its first class for ever; everything else is the latest verdict's. */
function upsertCellSql(): string {
  const columns = [...CELL_COLUMNS, 'first_class', 'sweep_id', 'thresholds_id'];
  const changing = columns.filter((column) => !['die', 'cell', 'first_class'].includes(column));
  return `INSERT INTO cell (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
    ON CONFLICT (die, cell) DO UPDATE SET ${changing.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

function prepareThresholds(db: Database.Database): (thresholds: ClassThresholds) => number {
  const columns = THRESHOLD_COLUMNS.map(([column]) => column);
  const insert = db.prepare(
    `INSERT INTO thresholds (${columns.join(', ')}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const find = db
    .prepare(`SELECT id FROM thresholds WHERE ${columns.map((column) => `${column} = ?`).join(' AND ')}`)
    .pluck();
  return (thresholds) => {
    const values = THRESHOLD_COLUMNS.map(([, name]) => thresholds[name]);
    insert.run(values);
    return find.get(values) as number;
  };
}

/** The recipe's thresholds inside a plan's JSON; null for a plan that carries none. */
function thresholdsOfPlan(json: string): ClassThresholds | null {
  const plan = JSON.parse(json) as { recipe?: { thresholds?: ClassThresholds } } | null;
  return plan?.recipe?.thresholds ?? null;
}

function prepareDieUpdate(db: Database.Database): (die: number, update: DieUpdate) => void {
  const read = db.prepare('SELECT * FROM die WHERE die = ?');
  const write = db.prepare(
    `UPDATE die SET state = ?, touchdowns = ?, chuck_celsius = ?, contact_passed = ?, contact_json = ?, reason = ?
     WHERE die = ?`,
  );
  return (die, update) => {
    const now = (read.get(die) ?? {}) as Record<string, string | number | null>;
    const passed = update.contactPassed === undefined ? now.contact_passed : asInteger(update.contactPassed);
    const changed = write.run(
      update.state ?? now.state,
      update.touchdowns ?? now.touchdowns,
      update.chuckCelsius === undefined ? now.chuck_celsius : update.chuckCelsius,
      passed,
      update.contactJson === undefined ? now.contact_json : update.contactJson,
      update.reason === undefined ? now.reason : update.reason,
      die,
    );
    mustChange(changed, `die ${die}`);
  };
}

function asInteger(truth: boolean | null): number | null {
  return truth === null ? null : Number(truth);
}

function prepareInsert(db: Database.Database, table: string, columns: readonly string[]): Database.Statement {
  return db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
}

function mustChange({ changes }: Database.RunResult, what: string): void {
  if (changes === 1) return;
  throw new TunnelbenchError('TB_WRITER_FAILED', {
    thing: what,
    what: 'it is not in the file, so it could not be changed',
    remedy: 'This is a defect of the program; the file was not changed.',
  });
}

const THRESHOLD_COLUMNS = [
  ['shorted_below_ohms', 'shortedBelowOhms'],
  ['line_short_below_ohms', 'lineShortBelowOhms'],
  ['subpar_below_ohms', 'subparBelowOhms'],
  ['open_above_ohms', 'openAboveOhms'],
  ['min_tmr', 'minTmr'],
  ['guard_sigmas', 'guardSigmas'],
] as const;

const SESSION_COLUMNS = [
  'id',
  'plan_id',
  'lot',
  'wafer',
  'notch',
  'operator',
  'station',
  'probe_card',
  'purpose',
  'software_version',
  'bench_json',
  'started_at',
  'ended_at',
  'ending',
  'safe_state_json',
];

function sessionRow(session: SessionRecord): (string | null)[] {
  const { lot, wafer, notch, operator, station, probeCard, purpose } = session.fields;
  const { id, planId, softwareVersion, benchJson, startedAt, endedAt, end, safeStateJson } = session;
  const fields = [lot, wafer, notch, operator, station, probeCard, purpose];
  return [id, planId, ...fields, softwareVersion, benchJson, startedAt, endedAt, end, safeStateJson];
}

const INSTRUMENT_COLUMNS = [
  'session_id',
  'name',
  'resource',
  'driver',
  'vendor',
  'model',
  'serial',
  'firmware',
  'settings_json',
];

function instrumentRow(instrument: InstrumentRecord): (string | null)[] {
  const { sessionId, name, resource, driver, vendor, model, serial, firmware, settingsJson } = instrument;
  return [sessionId, name, resource, driver, vendor, model, serial, firmware, settingsJson];
}

const ATTEMPT_COLUMNS = ['id', 'session_id', 'die', 'first_position', 'last_position', 'reason', 'started_at'];
const EVENT_COLUMNS = ['session_id', 'at_ms', 'level', 'kind', 'die', 'text', 'data_json'];
const NOTE_COLUMNS = ['session_id', 'die', 'cell', 'at_ms', 'author', 'text'];
