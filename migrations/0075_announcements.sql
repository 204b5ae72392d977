-- Messages of an academy, or of all, on the pages of sign-in and activation.

-- academy: empty for all. level: information, disturbance. Shown from begins_at until ends_at; ending one early moves
-- ends_at. ended_by: who did.
CREATE TABLE announcement (
  id TEXT PRIMARY KEY,
  academy TEXT NOT NULL,
  level TEXT NOT NULL,
  fr TEXT NOT NULL,
  en TEXT NOT NULL,
  begins_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  author_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_by TEXT
);
CREATE INDEX announcement_end ON announcement (ends_at);
