import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { openForWriting } from '../../db/file-kind.ts';
import { waferFile0001 } from '../../db/migrations/wafer/0001-wafer-file.ts';
import { WAFER_FILE } from '../../db/wafer-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-migration-'));
afterEach(() => rmSync(folder, { recursive: true }));

const insertSweep = (kind: string) => `INSERT INTO sweep
  (attempt_id, die, cell, repeat, kind, access, side, branch, range_amps, limit_amps, started_at_ms, instrument_seconds,
   raw_status, residual_amps, points, checksum, readings)
  VALUES ('a', 0, 3, 0, '${kind}', 'pair', 'A', 1, 1e-4, 1e-4, 0, 0.1, 0, 0, 1, 7, zeroblob(9))`;

it('a file of version 1 keeps its sweeps and verdicts, and takes quick reads from then on', () => {
  const file = join(folder, 'wafer.sqlite');
  const old = new Database(file);
  old.exec(waferFile0001);
  old.pragma(`application_id = ${WAFER_FILE.applicationId}`);
  old.pragma('user_version = 1');
  old.exec(`
    INSERT INTO die (die, x, y) VALUES (0, 0, 0);
    INSERT INTO plan VALUES ('p', '${'0'.repeat(64)}', '{}', NULL);
    INSERT INTO session (id, plan_id, lot, wafer, notch, operator, station, probe_card, purpose, software_version,
      bench_json, started_at) VALUES ('s', 'p', 'l', 'w', 'n', 'o', 's', 'c', 'p', 'v', '{}', 't');
    INSERT INTO attempt VALUES ('a', 's', 0, 0, 0, 'first', 't');
    ${insertSweep('loop')};
    INSERT INTO cell (die, cell, class, first_class, cause, stuck_state, state_found, state_left, flags, sweep_id)
      VALUES (0, 3, 'healthy', 'healthy', 'none', 'unknown', 'P', 'AP', 0, 1);
  `);
  expect(() => old.exec(insertSweep('quick'))).toThrow(/CHECK/);
  old.close();

  const db = openForWriting(file, { ...WAFER_FILE, migrations: WAFER_FILE.migrations.slice(0, 2) });
  try {
    expect(db.prepare('SELECT sweep_id FROM cell').pluck().all()).toEqual([1]);
    expect(db.prepare('SELECT kind, checksum FROM sweep').all()).toEqual([{ kind: 'loop', checksum: 7 }]);
    expect(db.prepare('SELECT sweep_id FROM sweep_of_record').pluck().all()).toEqual([1]);
    db.exec(insertSweep('quick'));
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(() => db.exec('DELETE FROM sweep WHERE id = 1')).toThrow(/FOREIGN KEY/);
  } finally {
    db.close();
  }
});
