-- Acts of the console on the campaigns of schools, and letters in batches.

-- A change of campaigns that somebody reads before it is done. form: JSON. version: compared and set. state: draft, done.
CREATE TABLE console_draft (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  form TEXT NOT NULL,
  state TEXT NOT NULL,
  version BIGINT NOT NULL,
  author_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  done_at BIGINT
);
CREATE INDEX console_draft_created ON console_draft (created_at);

-- Letters that were printed at once. class: empty for a part of a school that is no class. part: class, unreachable.
-- form_id: the id that a page drew, so that posted twice one batch is printed; the batch has an id of its own, by whose
-- order it is listed.
CREATE TABLE letter_batch (
  id TEXT PRIMARY KEY,
  uai TEXT NOT NULL REFERENCES school (uai),
  class TEXT NOT NULL,
  part TEXT NOT NULL,
  profile TEXT NOT NULL,
  printed_by TEXT NOT NULL,
  printed_at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  letters BIGINT NOT NULL,
  form_id TEXT
);
CREATE INDEX letter_batch_school ON letter_batch (uai, printed_at);
CREATE UNIQUE INDEX letter_batch_form ON letter_batch (form_id);
ALTER TABLE letter ADD COLUMN batch_id TEXT;
CREATE INDEX letter_of_batch ON letter (batch_id) WHERE batch_id IS NOT NULL;
