-- Access tokens that ended before their time, one by one.

-- id: the jti of one token, or the id of a grant, which all tokens of one authorization code carry. Kept as long as such
-- a token could live: minutes.
CREATE TABLE revoked_token (
  id TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_token_expiry ON revoked_token (expires_at);
