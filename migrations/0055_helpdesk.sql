-- What a help desk searches and sees.

-- The folded words of the names of persons and pupils, by academy. kind: person, pupil.
CREATE TABLE search_word (
  academy TEXT NOT NULL,
  word TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  PRIMARY KEY (academy, word, kind, subject_id)
);
CREATE INDEX search_word_subject ON search_word (kind, subject_id, word);

-- indexed_at: when the words of the row, and the end of its number, were written; NULL after an import changed it.
ALTER TABLE person ADD COLUMN indexed_at BIGINT;
ALTER TABLE pupil ADD COLUMN indexed_at BIGINT;
CREATE INDEX person_unindexed ON person (id) WHERE indexed_at IS NULL;
CREATE INDEX pupil_unindexed ON pupil (id) WHERE indexed_at IS NULL;
CREATE INDEX person_phone_end ON person (phone_last4_blind) WHERE phone_last4_blind IS NOT NULL;

-- An activation in a person's name with another number, to which nothing was sent. last2: how that number ends.
CREATE TABLE activation_near (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  at BIGINT NOT NULL,
  support_code TEXT NOT NULL,
  last2 TEXT NOT NULL
);
CREATE INDEX activation_near_person ON activation_near (person_id, at);
CREATE INDEX activation_near_code ON activation_near (support_code);
CREATE INDEX activation_near_at ON activation_near (at);

-- A person for whom the activation is open, whatever the campaign of the school.
CREATE TABLE campaign_exception (
  person_id TEXT PRIMARY KEY REFERENCES person (id),
  until BIGINT NOT NULL,
  given_by TEXT NOT NULL,
  given_at BIGINT NOT NULL
);

CREATE INDEX audit_person ON audit (person_id) WHERE person_id IS NOT NULL;
