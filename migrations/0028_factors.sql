-- Second factors of an account: an application that gives codes, and codes on paper.

-- secret: sealed. last_step: the last step of time whose code served; none before it serves again. session_id: the
-- session that asked, until confirmed_at; unconfirmed rows prove nothing.
CREATE TABLE totp (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  secret TEXT NOT NULL,
  last_step BIGINT NOT NULL,
  session_id TEXT,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  used_at BIGINT
);
CREATE INDEX totp_account ON totp (account_id, created_at);

-- code: an HMAC bound to the account.
CREATE TABLE backup_code (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  code TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE UNIQUE INDEX backup_code_account ON backup_code (account_id, code);

-- A sign-in between the right password and the factor: no session yet. browser: the digest of a secret that this
-- browser alone has.
CREATE TABLE sign_in_attempt (
  id TEXT PRIMARY KEY,
  browser TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES account (id),
  support_code TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX sign_in_attempt_account ON sign_in_attempt (account_id);
CREATE INDEX sign_in_attempt_code ON sign_in_attempt (support_code);
CREATE INDEX sign_in_attempt_expiry ON sign_in_attempt (expires_at);

-- factor_at: when a factor was proven last, in this session and on this device.
ALTER TABLE session ADD COLUMN factor_at BIGINT;
ALTER TABLE device ADD COLUMN factor_at BIGINT;
-- The same in a recovery: without it no password is chosen for an account with a factor.
ALTER TABLE recovery ADD COLUMN factor_at BIGINT;
