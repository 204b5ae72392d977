-- Passkeys (WebAuthn): of accounts, and of administrators (holder_kind). user_handle: what the authenticator keeps of
-- the holder, random, the same for all passkeys of one holder. credential: the public key, the authenticator's counter
-- and its other properties, as JSON. copied_at: when the counter went back.
CREATE TABLE passkey (
  id TEXT PRIMARY KEY,
  holder_kind TEXT NOT NULL,
  holder_id TEXT NOT NULL,
  user_handle TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  credential TEXT NOT NULL,
  label TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  copied_at BIGINT
);
CREATE UNIQUE INDEX passkey_credential ON passkey (credential_id);
CREATE INDEX passkey_holder ON passkey (holder_kind, holder_id);
