-- Accounts, sessions, challenges, activations.

-- state: pending (identifiant given, no password), active, closed. An identifiant is never reused.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  identifiant TEXT NOT NULL,
  stem TEXT NOT NULL,
  suffix TEXT NOT NULL,
  state TEXT NOT NULL,
  profile TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  password TEXT,
  password_at BIGINT,
  suspended_at BIGINT,
  suspended_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_identifiant ON account (identifiant);
CREATE INDEX account_stem ON account (stem);

-- id is the digest of the cookie.
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  authenticated_at BIGINT NOT NULL,
  amr TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL;
CREATE INDEX session_old ON session (authenticated_at);

-- A client in a session: sid is the client's, generation kills its tokens.
CREATE TABLE session_client (
  session_id TEXT NOT NULL REFERENCES session (id),
  client_id TEXT NOT NULL,
  sid TEXT NOT NULL,
  generation BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (session_id, client_id)
);
CREATE UNIQUE INDEX session_client_sid ON session_client (sid);

-- One code sent by SMS. Without code as long as the worker has found nobody.
CREATE TABLE challenge (
  id TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  code TEXT,
  tries_left BIGINT NOT NULL,
  sends BIGINT NOT NULL,
  sent_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  person_budget TEXT,
  used_at BIGINT
);

-- state: code, known, children, password, done, ended. While it is open, the same identity typed again in the same
-- browser joins it.
CREATE TABLE activation (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  open BOOLEAN NOT NULL,
  browser TEXT NOT NULL,
  typed TEXT NOT NULL,
  typed_budget TEXT NOT NULL,
  challenge_id TEXT NOT NULL REFERENCES challenge (id),
  support_code TEXT NOT NULL,
  lang TEXT NOT NULL,
  interaction TEXT,
  request TEXT,
  persons TEXT NOT NULL,
  children TEXT NOT NULL,
  account_id TEXT,
  outcome TEXT,
  purpose TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX activation_open ON activation (browser, typed_budget) WHERE open;
CREATE INDEX activation_account ON activation (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX activation_challenge ON activation (challenge_id);
CREATE INDEX activation_code ON activation (support_code);
CREATE INDEX activation_expiry ON activation (expires_at);
