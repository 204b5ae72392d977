-- Telling relying parties that a session ended.

-- One a client of an ended session that is told by the back channel; the id is that of the outbox's job.
-- state: waiting, delivered, refused, given_up. problem: the last one, in a word of ours.
CREATE TABLE logout_delivery (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  sid TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  problem TEXT,
  created_at BIGINT NOT NULL,
  tried_at BIGINT,
  ended_at BIGINT
);
CREATE INDEX logout_delivery_client ON logout_delivery (client_id, created_at);
CREATE INDEX logout_delivery_open ON logout_delivery (client_id, state) WHERE state <> 'delivered';
CREATE INDEX logout_delivery_old ON logout_delivery (created_at);

-- The outbox is read a kind at a time: who does not answer delays only what is of the same kind.
DROP INDEX outbox_due;
CREATE INDEX outbox_lane ON outbox (kind, due_at) WHERE state = 'waiting';
