-- The life of an account after its activation: a new password, letters, an e-mail address, what a person is told.

-- must_change_at: the right password leads to a new one before any session. caution_until: after a new password, what a
-- thief would want waits until then. closes_at: the account closes then. merged_into: of an absorbed account.
ALTER TABLE account ADD COLUMN merged_into TEXT;
ALTER TABLE account ADD COLUMN must_change_at BIGINT;
ALTER TABLE account ADD COLUMN caution_until BIGINT;
ALTER TABLE account ADD COLUMN closes_at BIGINT;
ALTER TABLE account ADD COLUMN origin TEXT NOT NULL DEFAULT 'roster';

-- phone_since: when the school wrote this number (0: before this was kept). phone_proven_at: when a right code was last
-- typed from it; none counts as the account's last password. phone_disowned_at: the person said that it is theirs no
-- more.
ALTER TABLE person ADD COLUMN phone_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN phone_proven_at BIGINT;
ALTER TABLE person ADD COLUMN phone_disowned_at BIGINT;
ALTER TABLE person ADD COLUMN phone_last4_blind TEXT;
ALTER TABLE person ADD COLUMN mail TEXT;
ALTER TABLE pupil ADD COLUMN ine_blind TEXT;
CREATE INDEX pupil_account ON pupil (account_id) WHERE account_id IS NOT NULL;

-- A new password, by the way in `channel` (sms, mail, letter). state: code, dates (of the children), birth (one's own),
-- factor, password, done, ended. typed: the identifiant as typed, sealed; the row exists for any.
CREATE TABLE recovery (
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  browser TEXT NOT NULL,
  typed TEXT NOT NULL,
  typed_budget TEXT NOT NULL,
  challenge_id TEXT,
  letter_id TEXT,
  support_code TEXT NOT NULL,
  lang TEXT NOT NULL,
  interaction TEXT,
  request TEXT,
  account_id TEXT,
  children TEXT NOT NULL,
  outcome TEXT,
  counted TEXT,
  device_id TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX recovery_open ON recovery (browser, typed_budget) WHERE state = 'code';
CREATE INDEX recovery_account ON recovery (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX recovery_challenge ON recovery (challenge_id) WHERE challenge_id IS NOT NULL;
CREATE INDEX recovery_letter ON recovery (letter_id) WHERE letter_id IS NOT NULL;
CREATE INDEX recovery_code ON recovery (support_code);
CREATE INDEX recovery_expiry ON recovery (expires_at);

-- A code on paper. kind: first, reset, child, parent_for_pupil. code: an HMAC bound to the account. state: issued, taken
-- (by one browser, until taken_until), used, replaced (by a newer one), withdrawn (by another way to a password). person_id: the parent whom the letter names.
CREATE TABLE letter (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  state TEXT NOT NULL,
  uai TEXT,
  person_id TEXT,
  issued_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  taken_until BIGINT,
  ended_at BIGINT
);
CREATE INDEX letter_account ON letter (account_id, issued_at);
CREATE UNIQUE INDEX letter_open ON letter (account_id, kind) WHERE ended_at IS NULL;

-- state: asked (no power), confirmed, replaced, removed.
CREATE TABLE email (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  address TEXT NOT NULL,
  state TEXT NOT NULL,
  challenge_id TEXT,
  session_id TEXT,
  asked_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  ended_at BIGINT
);
CREATE INDEX email_account ON email (account_id, asked_at);
CREATE UNIQUE INDEX email_confirmed ON email (account_id) WHERE state = 'confirmed';

-- What happened to an account, for its person: shown until answered (answer: seen, mine, not_mine), but not on the
-- device_id on which it happened.
CREATE TABLE account_notice (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  device_id TEXT,
  at BIGINT NOT NULL,
  answer TEXT,
  answered_at BIGINT
);
CREATE INDEX account_notice_account ON account_notice (account_id, at);

-- By whom a birth date, or a letter, once proved that the account's person is the pupil's parent. means: date, letter.
CREATE TABLE link_proof (
  account_id TEXT NOT NULL REFERENCES account (id),
  pupil_id TEXT NOT NULL,
  means TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account_id, pupil_id)
);

-- What a relying party was granted of an account, the last time.
CREATE TABLE service_use (
  account_id TEXT NOT NULL REFERENCES account (id),
  client_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  claims TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, client_id)
);
