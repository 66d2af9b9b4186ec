/**
 * Version 2: sweeps of kind 'quick', the quick reads of adaptive plans. SQLite cannot change a CHECK, so the table is made
 * anew; the cells let go of their sweeps meanwhile, because a table that is referred to cannot be dropped.
 */
export const waferFile0002 = `
CREATE TEMP TABLE sweep_of_cell AS SELECT die, cell, sweep_id FROM cell;
UPDATE cell SET sweep_id = NULL;
DROP VIEW sweep_of_record;
CREATE TABLE sweep_2 (
  id INTEGER PRIMARY KEY,
  attempt_id TEXT NOT NULL REFERENCES attempt (id),
  die INTEGER NOT NULL REFERENCES die (die),
  cell INTEGER NOT NULL CHECK (cell >= 0),
  repeat INTEGER NOT NULL CHECK (repeat >= 0),
  kind TEXT NOT NULL CHECK (kind IN ('loop', 'lowBias', 'open', 'quick')),
  access TEXT NOT NULL CHECK (access IN ('pair', 'aloneA', 'aloneB', 'single')),
  side TEXT NOT NULL CHECK (side IN ('A', 'B')),
  branch INTEGER NOT NULL CHECK (branch >= 0),
  range_amps REAL NOT NULL,
  limit_amps REAL NOT NULL,
  started_at_ms INTEGER NOT NULL,
  instrument_seconds REAL NOT NULL,
  raw_status INTEGER NOT NULL CHECK (raw_status BETWEEN 0 AND 4294967295),
  residual_amps REAL NOT NULL,
  points INTEGER NOT NULL CHECK (points >= 0),
  checksum INTEGER NOT NULL CHECK (checksum BETWEEN 0 AND 4294967295),
  readings BLOB NOT NULL CHECK (length(readings) = 9 * points)
) STRICT;
INSERT INTO sweep_2 SELECT * FROM sweep ORDER BY id;
DROP TABLE sweep;
ALTER TABLE sweep_2 RENAME TO sweep;
CREATE INDEX sweep_by_cell ON sweep (die, repeat, cell);
CREATE INDEX sweep_by_attempt ON sweep (attempt_id);
CREATE VIEW sweep_of_record AS
  SELECT die, cell, max(id) AS sweep_id FROM sweep WHERE repeat = 0 GROUP BY die, cell;
UPDATE cell SET sweep_id = (SELECT sweep_id FROM temp.sweep_of_cell AS kept WHERE kept.die = cell.die AND kept.cell = cell.cell);
DROP TABLE temp.sweep_of_cell;
`;
