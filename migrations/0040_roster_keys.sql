-- The keys by which other formats than SIECLE know a person or a pupil. SIECLE's stay in person.person_key and
-- pupil.pupil_key; there, a row that SIECLE does not know has the format and key that made it, such as aaf:3500001.
CREATE TABLE person_roster_key (
  academy TEXT NOT NULL,
  format TEXT NOT NULL,
  key TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES person (id),
  PRIMARY KEY (academy, format, key)
);
CREATE INDEX person_roster_key_person ON person_roster_key (person_id);

CREATE TABLE pupil_roster_key (
  academy TEXT NOT NULL,
  format TEXT NOT NULL,
  key TEXT NOT NULL,
  pupil_id TEXT NOT NULL REFERENCES pupil (id),
  PRIMARY KEY (academy, format, key)
);
CREATE INDEX pupil_roster_key_pupil ON pupil_roster_key (pupil_id);

-- The last set of each format that does not lead in its school; the leading one's stands in roster_set.
CREATE TABLE roster_export (
  uai TEXT NOT NULL REFERENCES school (uai),
  format TEXT NOT NULL,
  school_year BIGINT NOT NULL,
  pupils_exported_at BIGINT NOT NULL,
  persons_exported_at BIGINT NOT NULL,
  imported_at BIGINT NOT NULL,
  PRIMARY KEY (uai, format)
);
ALTER TABLE roster_set ADD COLUMN leading_format TEXT DEFAULT 'siecle';

-- The format that wrote the row while it led in its school; NULL: written beside the leading one.
ALTER TABLE person ADD COLUMN led_by TEXT DEFAULT 'siecle';
ALTER TABLE pupil ADD COLUMN led_by TEXT DEFAULT 'siecle';
ALTER TABLE enrolment ADD COLUMN source TEXT DEFAULT 'siecle';

-- origin: file (schools.toml), roster (declared by an academy's export).
ALTER TABLE school ADD COLUMN origin TEXT NOT NULL DEFAULT 'file';

-- The schools by their keys in the exports of an academy.
CREATE TABLE roster_structure (
  academy TEXT NOT NULL,
  format TEXT NOT NULL,
  key TEXT NOT NULL,
  uai TEXT NOT NULL,
  PRIMARY KEY (academy, format, key)
);
