/** Version 1 of the wafer file. Column names carry their units; docs/wafer-file.md explains every table. */
export const waferFile0001 = `
CREATE TABLE wafer (
  single INTEGER NOT NULL DEFAULT 1 UNIQUE CHECK (single = 1),
  id TEXT PRIMARY KEY,
  lot TEXT NOT NULL,
  wafer TEXT NOT NULL,
  rows INTEGER NOT NULL CHECK (rows > 0),
  columns INTEGER NOT NULL CHECK (columns > 0),
  columns_per_enable_line INTEGER NOT NULL CHECK (columns_per_enable_line IN (1, 2)),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE die (
  die INTEGER PRIMARY KEY CHECK (die >= 0),
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'untouched' CHECK (state IN ('untouched', 'measuring', 'measured', 'skipped', 'noContact')),
  touchdowns INTEGER NOT NULL DEFAULT 0 CHECK (touchdowns >= 0),
  chuck_celsius REAL,
  contact_passed INTEGER CHECK (contact_passed IN (0, 1)),
  contact_json TEXT CHECK (json_valid(contact_json)),
  reason TEXT,
  UNIQUE (x, y)
) STRICT;

CREATE TABLE thresholds (
  id INTEGER PRIMARY KEY,
  shorted_below_ohms REAL NOT NULL,
  line_short_below_ohms REAL NOT NULL,
  subpar_below_ohms REAL NOT NULL,
  open_above_ohms REAL NOT NULL,
  min_tmr REAL NOT NULL,
  guard_sigmas REAL NOT NULL,
  UNIQUE (shorted_below_ohms, line_short_below_ohms, subpar_below_ohms, open_above_ohms, min_tmr, guard_sigmas)
) STRICT;

CREATE TABLE plan (
  id TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  json TEXT NOT NULL CHECK (json_valid(json)),
  thresholds_id INTEGER REFERENCES thresholds (id)
) STRICT;

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES plan (id),
  lot TEXT NOT NULL,
  wafer TEXT NOT NULL,
  notch TEXT NOT NULL,
  operator TEXT NOT NULL,
  station TEXT NOT NULL,
  probe_card TEXT NOT NULL,
  purpose TEXT NOT NULL,
  software_version TEXT NOT NULL,
  bench_json TEXT NOT NULL CHECK (json_valid(bench_json)),
  started_at TEXT NOT NULL,
  ended_at TEXT,
  ending TEXT CHECK (ending IN ('finished', 'stopped', 'aborted', 'failed')),
  safe_state_json TEXT CHECK (json_valid(safe_state_json)),
  CHECK ((ended_at IS NULL) = (ending IS NULL))
) STRICT;

CREATE TABLE instrument (
  session_id TEXT NOT NULL REFERENCES session (id),
  name TEXT NOT NULL,
  resource TEXT NOT NULL,
  driver TEXT NOT NULL,
  vendor TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  firmware TEXT NOT NULL,
  settings_json TEXT CHECK (json_valid(settings_json)),
  PRIMARY KEY (session_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session (id),
  die INTEGER NOT NULL REFERENCES die (die),
  first_position INTEGER NOT NULL CHECK (first_position >= 0),
  last_position INTEGER NOT NULL CHECK (last_position >= first_position),
  reason TEXT NOT NULL CHECK (reason IN ('first', 'resume', 'retest', 'repeatSample', 'reference')),
  started_at TEXT NOT NULL
) STRICT;
CREATE INDEX attempt_by_session ON attempt (session_id);

CREATE TABLE sweep (
  id INTEGER PRIMARY KEY,
  attempt_id TEXT NOT NULL REFERENCES attempt (id),
  die INTEGER NOT NULL REFERENCES die (die),
  cell INTEGER NOT NULL CHECK (cell >= 0),
  repeat INTEGER NOT NULL CHECK (repeat >= 0),
  kind TEXT NOT NULL CHECK (kind IN ('loop', 'lowBias', 'open')),
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
CREATE INDEX sweep_by_cell ON sweep (die, repeat, cell);
CREATE INDEX sweep_by_attempt ON sweep (attempt_id);

CREATE TABLE cell (
  die INTEGER NOT NULL REFERENCES die (die),
  cell INTEGER NOT NULL CHECK (cell >= 0),
  class TEXT NOT NULL CHECK (
    class IN ('healthy', 'weak', 'subpar', 'shorted', 'stuck', 'open', 'undetermined', 'unmeasured')),
  first_class TEXT NOT NULL CHECK (
    first_class IN ('healthy', 'weak', 'subpar', 'shorted', 'stuck', 'open', 'undetermined', 'unmeasured')),
  neighbour_class TEXT CHECK (
    neighbour_class IN ('healthy', 'weak', 'subpar', 'shorted', 'stuck', 'open', 'undetermined', 'unmeasured')),
  cause TEXT NOT NULL CHECK (cause IN ('none', 'line', 'needle', 'lineShort', 'failedInTest', 'partner')),
  stuck_state TEXT NOT NULL CHECK (stuck_state IN ('unknown', 'P', 'AP')),
  state_found TEXT NOT NULL CHECK (state_found IN ('unknown', 'P', 'AP')),
  state_left TEXT NOT NULL CHECK (state_left IN ('unknown', 'P', 'AP')),
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
  sweep_id INTEGER REFERENCES sweep (id),
  thresholds_id INTEGER REFERENCES thresholds (id),
  PRIMARY KEY (die, cell)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
  plan_id TEXT NOT NULL REFERENCES plan (id),
  die INTEGER NOT NULL REFERENCES die (die),
  next_position INTEGER NOT NULL CHECK (next_position >= 0),
  PRIMARY KEY (plan_id, die)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session (id),
  at_ms INTEGER NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  kind TEXT NOT NULL,
  die INTEGER REFERENCES die (die),
  text TEXT NOT NULL,
  data_json TEXT CHECK (json_valid(data_json))
) STRICT;

CREATE TABLE note (
  id INTEGER PRIMARY KEY,
  session_id TEXT REFERENCES session (id),
  die INTEGER REFERENCES die (die),
  cell INTEGER CHECK (cell IS NULL OR (cell >= 0 AND die IS NOT NULL)),
  at_ms INTEGER NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

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
