-- The `sub` of an account in each space of subjects, and the regroupement of two accounts of one person.

-- Written when a client first gets a grant of the account, and never computed again. space: pairwise/<sector>, public,
-- roster/<academy>.
CREATE TABLE subject (
  space TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES account (id),
  value TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (space, account_id)
);
CREATE INDEX subject_account ON subject (account_id);

-- What the space knew an absorbed account by, told to its clients for a while.
CREATE TABLE former_subject (
  space TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES account (id),
  value TEXT NOT NULL,
  since BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (space, account_id, value)
);
CREATE INDEX former_subject_expiry ON former_subject (expires_at);

-- Two accounts of one person become one. asked_by: who is signed in; other: what is proven too. state: asked (a birth
-- date is still asked), proven, done, undone, final, ended. moved: what an undo puts back, as JSON.
CREATE TABLE regroupement (
  id TEXT PRIMARY KEY,
  asked_by TEXT NOT NULL REFERENCES account (id),
  other TEXT NOT NULL REFERENCES account (id),
  session_id TEXT NOT NULL,
  proof TEXT NOT NULL,
  letter_id TEXT,
  activation_id TEXT,
  state TEXT NOT NULL,
  kept TEXT,
  absorbed TEXT,
  moved TEXT NOT NULL DEFAULT '',
  support_code TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  done_at BIGINT,
  undo_until BIGINT,
  ended_at BIGINT
);
CREATE UNIQUE INDEX regroupement_absorbed ON regroupement (absorbed) WHERE state = 'done';
CREATE INDEX regroupement_kept ON regroupement (kept) WHERE kept IS NOT NULL;
CREATE INDEX regroupement_asked ON regroupement (asked_by, created_at);
CREATE INDEX regroupement_due ON regroupement (undo_until) WHERE state = 'done';
CREATE INDEX activation_known ON activation (browser) WHERE state = 'known';
CREATE INDEX account_merged ON account (merged_into) WHERE merged_into IS NOT NULL;
