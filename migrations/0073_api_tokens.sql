-- Tokens of the Admin API. digest: SHA-256, nothing else of the token is kept. role_id: the role that carries it; it ends
-- with that role. scopes: words between blanks. territory: inside the role's. form_id: what the form drew, so that posted
-- twice it makes one. proof: that of the session in which it was made.
CREATE TABLE api_token (
  id TEXT PRIMARY KEY,
  administrator_id TEXT NOT NULL REFERENCES administrator (id),
  role_id TEXT NOT NULL REFERENCES admin_role (id),
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  scopes TEXT NOT NULL,
  territory_kind TEXT NOT NULL,
  territory TEXT NOT NULL,
  class TEXT NOT NULL,
  form_id TEXT NOT NULL,
  proof TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT,
  revoked_by TEXT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX api_token_digest ON api_token (digest);
CREATE UNIQUE INDEX api_token_form ON api_token (administrator_id, form_id);
CREATE INDEX api_token_end ON api_token (expires_at);

-- Answers to requests with an Idempotency-Key, for a day. key: a digest. request: the digest of method, path and body.
-- answer: sealed; without one the request has not ended, or nobody knows how it did.
CREATE TABLE api_answer (
  token_id TEXT NOT NULL REFERENCES api_token (id),
  key TEXT NOT NULL,
  request TEXT NOT NULL,
  answer TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (token_id, key)
);
CREATE INDEX api_answer_old ON api_answer (created_at);
