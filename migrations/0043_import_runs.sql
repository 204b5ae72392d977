-- Each import that writes, with who asked for it. finished_at is NULL while it works, and after an interruption.
CREATE TABLE import_run (
  id TEXT PRIMARY KEY,
  academy TEXT NOT NULL,
  format TEXT NOT NULL,
  actor TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  complete BOOLEAN NOT NULL,
  undone_at BIGINT,
  undone_by TEXT
);
CREATE INDEX import_run_academy ON import_run (academy, started_at);

-- The sets that a run wrote. former: what an undo puts back, as JSON; empty once that is past.
CREATE TABLE import_run_set (
  run_id TEXT NOT NULL REFERENCES import_run (id),
  uai TEXT NOT NULL REFERENCES school (uai),
  revision BIGINT NOT NULL,
  changes TEXT NOT NULL,
  former TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (run_id, uai, revision)
);
CREATE INDEX import_run_set_at ON import_run_set (at) WHERE former <> '';
