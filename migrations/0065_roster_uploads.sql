-- Rosters that were given on screen.

-- state: receiving, received, waiting (for a decision), writing, taken, refused, stopped, undone. version: compared and
-- set. files: names and sizes, JSON. preview: what would change, JSON; digest: of that. claimed_until: whoever reads or
-- writes it at the moment. first_by: the first of two persons. report: the lines of the import, JSON.
CREATE TABLE roster_upload (
  id TEXT PRIMARY KEY,
  uai TEXT NOT NULL REFERENCES school (uai),
  academy TEXT NOT NULL,
  format TEXT NOT NULL,
  state TEXT NOT NULL,
  version BIGINT NOT NULL,
  author_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  files TEXT NOT NULL,
  claimed_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  preview TEXT,
  all_changes BIGINT,
  digest TEXT NOT NULL,
  first_by TEXT,
  decided_by TEXT,
  decided_at BIGINT,
  reason TEXT NOT NULL,
  run_id TEXT,
  report TEXT
);
CREATE INDEX roster_upload_school ON roster_upload (uai, id);
CREATE INDEX roster_upload_work ON roster_upload (claimed_until) WHERE state IN ('received', 'writing');
CREATE INDEX roster_upload_waiting ON roster_upload (id) WHERE state = 'waiting';
CREATE INDEX roster_upload_updated ON roster_upload (updated_at);

-- The files of an upload until it ends, sealed, in parts.
CREATE TABLE roster_upload_part (
  upload_id TEXT NOT NULL,
  file BIGINT NOT NULL,
  part BIGINT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (upload_id, file, part)
);

-- The upload whose run this is. Runs of uploads are never the last one of an academy, nor resumed.
ALTER TABLE import_run ADD COLUMN upload_id TEXT;
CREATE INDEX import_run_upload ON import_run (upload_id) WHERE upload_id IS NOT NULL;
CREATE INDEX import_run_set_school ON import_run_set (uai, run_id);
-- Counting somebody's uploads of a day.
CREATE INDEX roster_upload_author ON roster_upload (author_id, created_at);
