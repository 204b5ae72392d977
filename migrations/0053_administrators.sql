-- Administrators of the console, apart from accounts: nobody's account opens it. state: invited (no proof yet), active.
-- email, totp: sealed; email_blind: an HMAC. password: a hash, with totp only.
CREATE TABLE administrator (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  email_blind TEXT NOT NULL,
  state TEXT NOT NULL,
  password TEXT,
  totp TEXT,
  totp_last_step BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  seen_at BIGINT
);
CREATE UNIQUE INDEX administrator_email ON administrator (email_blind);

-- One role on one territory. territory: the id of a ministry, an academy or a client, or a UAI; empty for all. class: of
-- a delegate. approved_at: when another administrator agreed; without it a role that needs one gives nothing.
CREATE TABLE admin_role (
  id TEXT PRIMARY KEY,
  administrator_id TEXT NOT NULL REFERENCES administrator (id),
  role TEXT NOT NULL,
  territory_kind TEXT NOT NULL,
  territory TEXT NOT NULL,
  class TEXT NOT NULL,
  pupils_only BOOLEAN NOT NULL,
  given_by TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  ends_at BIGINT,
  approved_by TEXT,
  approved_at BIGINT,
  ended_by TEXT,
  ended_at BIGINT
);
CREATE INDEX admin_role_administrator ON admin_role (administrator_id);
CREATE INDEX admin_role_territory ON admin_role (territory_kind, territory);
CREATE UNIQUE INDEX admin_role_once ON admin_role (administrator_id, role, territory_kind, territory, class)
  WHERE ended_at IS NULL;

-- id: the digest of the cookie. proven_at: when the administrator was proven last.
CREATE TABLE admin_session (
  id TEXT PRIMARY KEY,
  administrator_id TEXT NOT NULL REFERENCES administrator (id),
  method TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  proven_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX admin_session_administrator ON admin_session (administrator_id) WHERE ended_at IS NULL;
CREATE INDEX admin_session_old ON admin_session (authenticated_at);

-- token: a digest. state: open, used, replaced (by a newer one).
CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  administrator_id TEXT NOT NULL REFERENCES administrator (id),
  token TEXT NOT NULL,
  state TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE UNIQUE INDEX invitation_token ON invitation (token);
CREATE UNIQUE INDEX invitation_open ON invitation (administrator_id) WHERE state = 'open';
