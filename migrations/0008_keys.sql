-- The life of a signing key: upcoming, active, retiring, retired; or revoked, whatever it was.

-- When the present state began.
ALTER TABLE signing_key ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
UPDATE signing_key SET since = created_at;
CREATE UNIQUE INDEX signing_key_upcoming ON signing_key (algorithm) WHERE state = 'upcoming';
