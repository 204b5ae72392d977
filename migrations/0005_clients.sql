-- Relying parties that registered themselves, and what an operator does to any of them.

-- The secret of a client that signs with it (client_secret_jwt), sealed: a digest verifies no signature.
ALTER TABLE client ADD COLUMN secret_sealed TEXT;
-- The secret before the last rotation, taken until then.
ALTER TABLE client ADD COLUMN secret_digest_2 TEXT;
ALTER TABLE client ADD COLUMN secret_2_until BIGINT;
-- Whose client it is. NULL: the deployment's.
ALTER TABLE client ADD COLUMN academy TEXT;
-- Of the registration access token (RFC 7592 1.2).
ALTER TABLE client ADD COLUMN registration_digest TEXT;
-- Compared and set by whoever writes what they read before.
ALTER TABLE client ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE client ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
-- Written once a day at the most.
ALTER TABLE client ADD COLUMN last_used_at BIGINT;
-- Nobody has approved it as it is now; whoever resumes it has not either.
ALTER TABLE client ADD COLUMN unapproved BOOLEAN NOT NULL DEFAULT FALSE;
-- Its initial access token approves what it registers, also later.
ALTER TABLE client ADD COLUMN self_approves BOOLEAN NOT NULL DEFAULT FALSE;

-- What lets somebody register clients (RFC 7591 3). The id is the token's digest.
CREATE TABLE initial_token (
  id TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  academy TEXT NOT NULL,
  remaining BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  approves BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
);
