-- Orders of reminders that are cancelled, with what they wrote and did not send.

-- When an order was cancelled. Its state is `done` from then on, so that a server of an older release leaves it alone.
ALTER TABLE reminder_batch ADD COLUMN cancelled_at BIGINT;

-- The job that carries the message for which the mark was taken: the mark goes with it if it is taken back.
ALTER TABLE reminder ADD COLUMN job_id TEXT;
CREATE INDEX reminder_job ON reminder (job_id) WHERE job_id IS NOT NULL;

-- The order that a job is of, one of many at once: taken back with it as long as nothing was handed over.
ALTER TABLE outbox ADD COLUMN batch_id TEXT;
CREATE INDEX outbox_batch ON outbox (batch_id) WHERE state = 'waiting' AND batch_id IS NOT NULL;
