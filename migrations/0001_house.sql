-- The house: what every room stands on. TEXT, BIGINT and BOOLEAN only; times are epoch milliseconds.

-- One sealed row that must open with the master key at every start.
CREATE TABLE seal_check (
  id TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE signing_key (
  kid TEXT PRIMARY KEY,
  algorithm TEXT NOT NULL,
  state TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX signing_key_active ON signing_key (algorithm) WHERE state = 'active';

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  body TEXT,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  done_at BIGINT
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;

-- One line a fact; never a secret, never what was typed.
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  fact TEXT NOT NULL,
  account_id TEXT,
  client_id TEXT,
  detail TEXT NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, at);

-- Attempts, as the times of those that still count. The key is an HMAC.
CREATE TABLE budget (
  action TEXT NOT NULL,
  key TEXT NOT NULL,
  marks TEXT NOT NULL,
  touched_at BIGINT NOT NULL,
  PRIMARY KEY (action, key)
);
CREATE INDEX budget_touched ON budget (touched_at);
