/**
 * Version 3: smaller and quicker to write. Sweeps name their attempt by a number in place of its UUID; verdicts lie in the
 * order in which they came and not by cell, so that a transaction changes few pages; flags that are all 0 need no bytes. For
 * each row SQLite would build a table of the words of every IN (…), so the words are compared one by one, the usual ones first.
 * What refers to a table that is made anew is made anew too, and gets its name at the end.
 */
export const waferFile0003 = `
DROP VIEW sweep_of_record;
DROP VIEW class_count;
DROP VIEW die_yield;
CREATE TABLE attempt_3 (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL REFERENCES session (id),
  die INTEGER NOT NULL REFERENCES die (die),
  first_position INTEGER NOT NULL CHECK (first_position >= 0),
  last_position INTEGER NOT NULL CHECK (last_position >= first_position),
  reason TEXT NOT NULL CHECK (reason IN ('first', 'resume', 'retest', 'repeatSample', 'reference')),
  started_at TEXT NOT NULL
) STRICT;
INSERT INTO attempt_3 SELECT rowid, id, session_id, die, first_position, last_position, reason, started_at
  FROM attempt ORDER BY rowid;
CREATE TABLE sweep_3 (
  id INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL REFERENCES attempt_3 (number),
  die INTEGER NOT NULL REFERENCES die (die),
  cell INTEGER NOT NULL CHECK (cell >= 0),
  repeat INTEGER NOT NULL CHECK (repeat >= 0),
  kind TEXT NOT NULL CHECK (kind = 'loop' OR kind = 'lowBias' OR kind = 'open' OR kind = 'quick'),
  access TEXT NOT NULL CHECK (access = 'pair' OR access = 'aloneA' OR access = 'aloneB' OR access = 'single'),
  side TEXT NOT NULL CHECK (side = 'A' OR side = 'B'),
  branch INTEGER NOT NULL CHECK (branch >= 0),
  range_amps REAL NOT NULL,
  limit_amps REAL NOT NULL,
  started_at_ms INTEGER NOT NULL,
  instrument_seconds REAL NOT NULL,
  raw_status INTEGER NOT NULL CHECK (raw_status BETWEEN 0 AND 4294967295),
  residual_amps REAL NOT NULL,
  points INTEGER NOT NULL CHECK (points >= 0),
  checksum INTEGER NOT NULL CHECK (checksum BETWEEN 0 AND 4294967295),
  readings BLOB NOT NULL CHECK (length(readings) IN (8 * points, 9 * points))
) STRICT;
INSERT INTO sweep_3 SELECT sweep.id, attempt_3.number, sweep.die, cell, repeat, kind, access, side, branch, range_amps,
    limit_amps, started_at_ms, instrument_seconds, raw_status, residual_amps, points, checksum, readings
  FROM sweep LEFT JOIN attempt_3 ON attempt_3.id = sweep.attempt_id ORDER BY sweep.id;
CREATE TABLE cell_3 (
  die INTEGER NOT NULL REFERENCES die (die),
  cell INTEGER NOT NULL CHECK (cell >= 0),
  class TEXT NOT NULL CHECK (
    class = 'healthy' OR class = 'weak' OR class = 'subpar' OR class = 'shorted' OR class = 'stuck'
      OR class = 'open' OR class = 'undetermined' OR class = 'unmeasured'),
  first_class TEXT NOT NULL CHECK (
    first_class = 'healthy' OR first_class = 'weak' OR first_class = 'subpar' OR first_class = 'shorted'
      OR first_class = 'stuck' OR first_class = 'open' OR first_class = 'undetermined'
      OR first_class = 'unmeasured'),
  neighbour_class TEXT CHECK (
    neighbour_class = 'healthy' OR neighbour_class = 'weak' OR neighbour_class = 'subpar'
      OR neighbour_class = 'shorted' OR neighbour_class = 'stuck' OR neighbour_class = 'open'
      OR neighbour_class = 'undetermined' OR neighbour_class = 'unmeasured'),
  cause TEXT NOT NULL CHECK (cause = 'none' OR cause = 'line' OR cause = 'needle' OR cause = 'lineShort'
      OR cause = 'failedInTest' OR cause = 'partner'),
  stuck_state TEXT NOT NULL CHECK (stuck_state = 'unknown' OR stuck_state = 'P' OR stuck_state = 'AP'),
  state_found TEXT NOT NULL CHECK (state_found = 'unknown' OR state_found = 'P' OR state_found = 'AP'),
  state_left TEXT NOT NULL CHECK (state_left = 'unknown' OR state_left = 'P' OR state_left = 'AP'),
  r_p_ohms REAL,
  r_p_uncertainty_ohms REAL,
  r_ap_ohms REAL,
  r_ap_uncertainty_ohms REAL,
  r_stuck_ohms REAL,
  r_stuck_uncertainty_ohms REAL,
  tmr REAL,
  v_switch_positive_volts REAL,
  v_switch_negative_volts REAL,
  noise_amps REAL,
  flags INTEGER NOT NULL,
  sweep_id INTEGER REFERENCES sweep_3 (id),
  thresholds_id INTEGER REFERENCES thresholds (id),
  PRIMARY KEY (die, cell)
) STRICT;
INSERT INTO cell_3 SELECT * FROM cell ORDER BY sweep_id;
DROP TABLE cell;
DROP TABLE sweep;
DROP TABLE attempt;
ALTER TABLE attempt_3 RENAME TO attempt;
ALTER TABLE sweep_3 RENAME TO sweep;
ALTER TABLE cell_3 RENAME TO cell;
CREATE INDEX attempt_by_session ON attempt (session_id);
CREATE INDEX sweep_by_cell ON sweep (die, repeat, cell, attempt);

CREATE VIEW sweep_of_record AS
  SELECT die, cell, max(id) AS sweep_id FROM sweep WHERE repeat = 0 GROUP BY die, cell;

CREATE VIEW class_count AS
  SELECT die, class, count(*) AS cells FROM cell GROUP BY die, class;

CREATE VIEW die_yield AS
  SELECT
    die.die, die.x, die.y, die.state,
    wafer.rows * wafer.columns AS cells,
    count(*) FILTER (WHERE cell.class <> 'unmeasured') AS measured,
    count(*) FILTER (WHERE cell.class = 'healthy') AS healthy,
    count(*) FILTER (WHERE cell.first_class = 'healthy') AS healthy_first_pass,
    1.0 * count(*) FILTER (WHERE cell.class = 'healthy')
      / nullif(count(*) FILTER (WHERE cell.class <> 'unmeasured'), 0) AS yield_of_measured,
    1.0 * count(*) FILTER (WHERE cell.class = 'healthy') / (wafer.rows * wafer.columns) AS yield_of_all
  FROM die CROSS JOIN wafer LEFT JOIN cell ON cell.die = die.die
  GROUP BY die.die;
`;
