-- Who is whose legal representative, as the schools' exports say. Only what Préau needs is kept.

-- One set a school, of two exports: its revision is compared and set by whoever applies the next one.
CREATE TABLE roster_set (
  uai TEXT PRIMARY KEY REFERENCES school (uai),
  revision BIGINT NOT NULL,
  school_year BIGINT NOT NULL,
  eleves_exported_at BIGINT NOT NULL,
  responsables_exported_at BIGINT NOT NULL,
  imported_at BIGINT NOT NULL
);

-- phone_state: mobile (phone and phone_blind are there), none, unusable.
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  academy TEXT NOT NULL,
  person_key TEXT NOT NULL,
  family_name TEXT NOT NULL,
  usage_name TEXT,
  given_name TEXT NOT NULL,
  phone TEXT,
  phone_blind TEXT,
  phone_state TEXT NOT NULL,
  exported_at BIGINT NOT NULL,
  account_id TEXT
);
CREATE UNIQUE INDEX person_key ON person (academy, person_key);
CREATE INDEX person_phone ON person (phone_blind) WHERE phone_blind IS NOT NULL;
CREATE INDEX person_account ON person (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE pupil (
  id TEXT PRIMARY KEY,
  academy TEXT NOT NULL,
  pupil_key TEXT NOT NULL,
  family_name TEXT NOT NULL,
  usage_name TEXT,
  given_name TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  exported_at BIGINT NOT NULL,
  account_id TEXT
);
CREATE UNIQUE INDEX pupil_key ON pupil (academy, pupil_key);

CREATE TABLE enrolment (
  pupil_id TEXT NOT NULL REFERENCES pupil (id),
  uai TEXT NOT NULL REFERENCES school (uai),
  class TEXT,
  ended_at BIGINT,
  PRIMARY KEY (pupil_id, uai)
);
CREATE INDEX enrolment_school ON enrolment (uai);

-- level: legal, in_charge, contact. Only legal gives rights.
CREATE TABLE link (
  person_id TEXT NOT NULL REFERENCES person (id),
  pupil_id TEXT NOT NULL REFERENCES pupil (id),
  uai TEXT NOT NULL REFERENCES school (uai),
  level TEXT NOT NULL,
  relation TEXT,
  source TEXT NOT NULL,
  ended_at BIGINT,
  PRIMARY KEY (person_id, pupil_id, uai)
);
CREATE INDEX link_pupil ON link (pupil_id);
CREATE INDEX link_school ON link (uai);

-- What the person said or could not prove: imports never touch it. kind: contested, set_aside.
CREATE TABLE link_withheld (
  person_id TEXT NOT NULL REFERENCES person (id),
  pupil_id TEXT NOT NULL REFERENCES pupil (id),
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (person_id, pupil_id)
);
