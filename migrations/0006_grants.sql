-- What clients keep: refresh families, and what a person agreed to.

-- One line of refresh tokens. A token is id.generation.HMAC: nothing of it is secret here. session_id: it ends with
-- that session; absent: offline. access_generation kills the access tokens of an offline family.
CREATE TABLE refresh_family (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  client_id TEXT NOT NULL,
  session_id TEXT,
  details TEXT NOT NULL,
  jkt TEXT,
  generation BIGINT NOT NULL,
  turned_at BIGINT NOT NULL,
  access_generation BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX refresh_family_account ON refresh_family (account_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX refresh_family_session ON refresh_family (session_id) WHERE session_id IS NOT NULL AND ended_at IS NULL;
CREATE INDEX refresh_family_expiry ON refresh_family (expires_at);

CREATE TABLE consent (
  account_id TEXT NOT NULL REFERENCES account (id),
  client_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  claims TEXT NOT NULL,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, client_id)
);
