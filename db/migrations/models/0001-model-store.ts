/** Version 1 of the model store. JSON columns hold what the training rooms define; columns are what is asked for. */
export const modelStore0001 = `
CREATE TABLE die_model (
  id TEXT PRIMARY KEY,
  arrays_sha256 TEXT NOT NULL CHECK (length(arrays_sha256) = 64),
  json TEXT NOT NULL CHECK (json_valid(json)),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE die_model_array (
  die_model_id TEXT NOT NULL REFERENCES die_model (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('int8', 'uint8', 'uint32', 'float32', 'float64')),
  data BLOB NOT NULL,
  PRIMARY KEY (die_model_id, name)
) STRICT;

CREATE TABLE campaign (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  spec_json TEXT NOT NULL CHECK (json_valid(spec_json)),
  created_at TEXT NOT NULL,
  UNIQUE (kind, sha256)
) STRICT;

CREATE TABLE solution (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  campaign_id TEXT REFERENCES campaign (id),
  member INTEGER CHECK (member >= 0),
  shape_json TEXT NOT NULL CHECK (json_valid(shape_json)),
  signs1 BLOB NOT NULL,
  signs2 BLOB NOT NULL,
  hyper_json TEXT NOT NULL CHECK (json_valid(hyper_json)),
  seed INTEGER NOT NULL,
  kernel_build TEXT NOT NULL,
  validation_errors INTEGER NOT NULL CHECK (validation_errors BETWEEN 0 AND validation_images),
  validation_images INTEGER NOT NULL,
  provenance_json TEXT NOT NULL CHECK (json_valid(provenance_json)),
  die_model_id TEXT GENERATED ALWAYS AS (json_extract(provenance_json, '$.dieModelId')) VIRTUAL,
  created_at TEXT NOT NULL,
  UNIQUE (campaign_id, member),
  CHECK ((campaign_id IS NULL) = (member IS NULL))
) STRICT;
CREATE INDEX solution_by_die_model ON solution (die_model_id);

CREATE TABLE emulation (
  solution_id TEXT NOT NULL REFERENCES solution (id),
  die_model_id TEXT NOT NULL REFERENCES die_model (id),
  conditions_sha256 TEXT NOT NULL CHECK (length(conditions_sha256) = 64),
  conditions_json TEXT NOT NULL CHECK (json_valid(conditions_json)),
  errors INTEGER NOT NULL CHECK (errors BETWEEN 0 AND images),
  images INTEGER NOT NULL CHECK (images > 0),
  accuracy REAL GENERATED ALWAYS AS (1.0 - 1.0 * errors / images) VIRTUAL,
  confusion BLOB,
  created_at TEXT NOT NULL,
  PRIMARY KEY (solution_id, die_model_id, conditions_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX emulation_by_die_model ON emulation (die_model_id, conditions_sha256);

CREATE VIEW emulation_accuracy AS
  SELECT die_model_id, conditions_sha256, count(*) AS solutions, avg(accuracy) AS mean_accuracy,
    min(accuracy) AS worst_accuracy, max(accuracy) AS best_accuracy
  FROM emulation GROUP BY die_model_id, conditions_sha256;
`;
