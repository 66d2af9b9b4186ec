import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { CELL_COLUMNS, cellToRow } from '../../db/cell-row.ts';
import { openForWriting } from '../../db/file-kind.ts';
import type { AttemptRecord, SweepRecord } from '../../db/records.ts';
import { sweepChecksum } from '../../db/sweep-blob.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WAFER_FILE } from '../../db/wafer-file.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { sampleAttempt, samplePair, samplePlan, sampleSession, sampleWafer } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

const [FIRST, SECOND] = WAFER_FILE.migrations;

/** A file as version 2 wrote it: attempts by their UUID, flags always there. */
function fileOfVersion2() {
  const file = temporaryFile();
  const wafer = sampleWafer();
  const plan = samplePlan();
  const session = sampleSession(plan);
  const attempts = [0, 5].map((firstPosition) =>
    sampleAttempt(session, { firstPosition, lastPosition: firstPosition + 4 }),
  );
  const db = new Database(file);
  db.exec(FIRST);
  db.exec(SECOND);
  db.pragma(`application_id = ${WAFER_FILE.applicationId}`);
  db.pragma('user_version = 2');
  const insert = (table: string, row: Record<string, unknown>) => {
    const columns = Object.keys(row);
    const marks = columns.map((column) => `:${column}`);
    db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks.join(', ')})`).run(row);
  };
  const { rows, columns, columnsPerEnableLine } = wafer.geometry;
  insert('wafer', {
    ...{ id: wafer.id, lot: wafer.lot, wafer: wafer.wafer, rows, columns },
    ...{ columns_per_enable_line: columnsPerEnableLine, created_at: wafer.createdAt },
  });
  for (const { ordinal: die, x, y } of wafer.dies) insert('die', { die, x, y });
  insert('plan', { id: plan.id, sha256: plan.sha256, json: plan.json });
  const { probeCard: probe_card, ...fields } = session.fields;
  insert('session', {
    ...{ id: session.id, plan_id: plan.id, ...fields, probe_card, software_version: session.softwareVersion },
    ...{ bench_json: session.benchJson, started_at: session.startedAt },
  });
  const sweeps: SweepRecord[] = [];
  for (const attempt of attempts) {
    insert('attempt', attemptRow(attempt));
    for (let position = attempt.firstPosition; position <= attempt.lastPosition; position++) {
      const pair = samplePair(plan, attempt, position);
      for (const [i, sweep] of pair.sweeps.entries()) {
        insert('sweep', sweepRow(sweep));
        sweeps.push(sweep);
        const verdict = Object.fromEntries(CELL_COLUMNS.map((name, k) => [name, cellToRow(pair.cells[i])[k]]));
        insert('cell', { ...verdict, first_class: 'healthy', sweep_id: sweeps.length });
      }
    }
  }
  insert('cursor', { plan_id: plan.id, die: 0, next_position: 10 });
  db.close();
  return { file, plan, session, attempts, sweeps };
}

function attemptRow({ id, sessionId, dieOrdinal, firstPosition, lastPosition, reason, startedAt }: AttemptRecord) {
  return {
    ...{ id, session_id: sessionId, die: dieOrdinal, first_position: firstPosition, last_position: lastPosition },
    ...{ reason, started_at: startedAt },
  };
}

function sweepRow(sweep: SweepRecord) {
  const { volts, amps, flags } = sweep.readings;
  const readings = Buffer.concat([Buffer.from(volts.buffer), Buffer.from(amps.buffer), Buffer.from(flags.buffer)]);
  const { attemptId: attempt_id, dieOrdinal: die, cell, repeat, kind, access, side, branch } = sweep;
  return {
    ...{ attempt_id, die, cell, repeat, kind, access, side, branch, range_amps: sweep.rangeAmps },
    ...{ limit_amps: sweep.limitAmps, started_at_ms: sweep.startedAtMs, instrument_seconds: sweep.instrumentSeconds },
    ...{ raw_status: sweep.rawStatus, residual_amps: sweep.residualAmps, points: flags.length, readings },
    checksum: sweepChecksum(sweep, flags.length, readings),
  };
}

it('a file of version 2 keeps every sweep, verdict and attempt, verifies, and can be continued', async () => {
  const { file, plan, session, attempts, sweeps } = fileOfVersion2();
  openForWriting(file, WAFER_FILE).close();

  const reader = WaferReader.open(file);
  onTestFinished(() => reader.close());
  expect(reader.attempts(session.id)).toEqual(attempts);
  const byCell = sweeps.toSorted((a, b) => a.cell - b.cell);
  expect([...reader.sweeps(0)].map(({ id, ...sweep }) => sweep)).toEqual(byCell);
  expect(reader.cells(0).map(({ sweepId }) => sweepId)).toEqual(byCell.map((sweep) => sweeps.indexOf(sweep) + 1));
  expect(reader.countsByClass(0)).toMatchObject({ healthy: 20 });
  expect(reader.yields()[0]).toMatchObject({ measured: 20, healthyFirstPass: 20 });
  expect(reader.sweepsInSession(session.id)).toBe(20);
  expect(verifyWafer(file).problems).toBe(0);

  const writer = await WaferWriter.open(file);
  const attempt = sampleAttempt(session, { firstPosition: 10, lastPosition: 12, reason: 'resume' });
  await writer.addAttempt(attempt);
  for (let position = 10; position < 13; position++) writer.addSweeps(samplePair(plan, attempt, position));
  await writer.close();
  expect(reader.attempts(session.id)).toEqual([...attempts, attempt]);
  expect(reader.sweepCount(0)).toBe(26);
  expect(verifyWafer(file).problems).toBe(0);
});

it('a sweep whose attempt is missing is not dropped on the way: the file stays at version 2', () => {
  const { file } = fileOfVersion2();
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec('DELETE FROM attempt WHERE rowid = 1');
  db.close();
  expect(() => openForWriting(file, WAFER_FILE)).toThrow(expect.objectContaining({ code: 'TB_FILE_CORRUPT' }));
  const after = new Database(file, { readonly: true });
  expect(after.pragma('user_version', { simple: true })).toBe(2);
  expect(after.prepare('SELECT count(*) FROM sweep').pluck().get()).toBe(20);
  after.close();
});
