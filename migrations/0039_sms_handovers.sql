-- The hand-overs of a message that its recipient may have taken, counted before each of them.
ALTER TABLE outbox ADD COLUMN handovers BIGINT NOT NULL DEFAULT 0;
-- The time after which a job is worth nothing. NULL in rows of an older release: the age that their kind has.
ALTER TABLE outbox ADD COLUMN expires_at BIGINT;
