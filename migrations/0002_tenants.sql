-- Academies, schools, their campaigns and notices; relying parties.

CREATE TABLE academy (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  name TEXT NOT NULL
);

CREATE TABLE school (
  uai TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  academy TEXT NOT NULL REFERENCES academy (id),
  ministry TEXT NOT NULL
);

CREATE TABLE campaign (
  uai TEXT PRIMARY KEY REFERENCES school (uai),
  opens_at BIGINT NOT NULL,
  closes_at BIGINT NOT NULL
);

-- What the school must know: contested, set_aside, reopening, unreachable.
CREATE TABLE notice (
  id TEXT PRIMARY KEY,
  uai TEXT NOT NULL REFERENCES school (uai),
  person_id TEXT NOT NULL,
  pupil_id TEXT,
  kind TEXT NOT NULL,
  support_code TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX notice_school ON notice (uai, at);
CREATE INDEX notice_code ON notice (support_code);
CREATE UNIQUE INDEX notice_once ON notice (person_id, kind, uai, support_code, pupil_id);

CREATE TABLE client (
  client_id TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  state TEXT NOT NULL,
  metadata TEXT NOT NULL,
  secret_digest TEXT,
  updated_at BIGINT NOT NULL
);
