-- Limits by source, devices, and failures on their way to the audit.

-- Which accounts signed in or activated from a network lately, so that it may have more wrong attempts. Both are keyed
-- digests, and an account has another one in each network.
CREATE TABLE source_account (
  source TEXT NOT NULL,
  member TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (source, member)
);
CREATE INDEX source_account_old ON source_account (at);

-- A browser in which somebody proved to be the account's person. id is the digest of a secret in its cookie; identity is
-- the keyed digest of the name and number with which a right SMS code was typed there.
CREATE TABLE device (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  label TEXT NOT NULL,
  identity TEXT,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  forgotten_at BIGINT
);
CREATE INDEX device_account ON device (account_id) WHERE forgotten_at IS NULL;
CREATE INDEX device_seen ON device (seen_at);
ALTER TABLE session ADD COLUMN device_id TEXT;

-- What an activation was counted under, until its code is right; and the device that had typed a right one before.
ALTER TABLE activation ADD COLUMN counted TEXT;
ALTER TABLE activation ADD COLUMN device_id TEXT;

-- Jobs of one source come one second apart, so that they do not stand before everybody else's.
ALTER TABLE outbox ADD COLUMN source TEXT;
ALTER TABLE outbox ADD COLUMN turn_at BIGINT;
CREATE INDEX outbox_turn ON outbox (kind, turn_at) WHERE state = 'waiting';
CREATE INDEX outbox_source ON outbox (source, turn_at) WHERE state = 'waiting' AND source IS NOT NULL;

-- Whose budget it is, where somebody's, and what failed in which hour and is not in the audit yet.
ALTER TABLE budget ADD COLUMN account_id TEXT;
ALTER TABLE budget ADD COLUMN failures TEXT;
CREATE INDEX budget_failures ON budget (touched_at) WHERE failures IS NOT NULL;
