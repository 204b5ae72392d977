-- What a school said once of the tables that it exports: whether all their responsables are legal representatives
-- (the tables do not say it), and in which columns they have what.
CREATE TABLE roster_source (
  uai TEXT NOT NULL REFERENCES school (uai),
  format TEXT NOT NULL,
  all_legal BOOLEAN NOT NULL,
  mapping TEXT,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (uai, format)
);
