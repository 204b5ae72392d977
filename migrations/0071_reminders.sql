-- Reminders of campaigns by SMS, and notices that settle themselves.

-- An order of reminders, as it was confirmed. id: of its draft. text: as it was read. persons: the ids of those who were
-- read, one a line, in their order; empty once it ended. position: how many of them were looked at,
-- compared and set. state: sending, done. due_at: when the next step may be done.
CREATE TABLE reminder_batch (
  id TEXT PRIMARY KEY,
  uai TEXT NOT NULL REFERENCES school (uai),
  academy TEXT NOT NULL,
  text TEXT NOT NULL,
  segments BIGINT NOT NULL,
  people BIGINT NOT NULL,
  persons TEXT NOT NULL,
  position BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  state TEXT NOT NULL,
  ordered_by TEXT NOT NULL,
  ordered_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX reminder_batch_work ON reminder_batch (due_at) WHERE state = 'sending';
CREATE INDEX reminder_batch_school ON reminder_batch (uai, ordered_at);
CREATE INDEX reminder_batch_old ON reminder_batch (ordered_at);

-- The last reminder of a number, by whichever school: compared and set before a message is written. phone_blind: of
-- every person on whom the number stands.
CREATE TABLE reminder (
  phone_blind TEXT PRIMARY KEY,
  uai TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX reminder_at ON reminder (at);

-- Notices that wait, in the order of their ids and of their times.
CREATE INDEX notice_open ON notice (id) WHERE settled_at IS NULL;
CREATE INDEX notice_open_at ON notice (at) WHERE settled_at IS NULL;

-- The cause for which the worker settled a notice; at: the notice's settled_at, so that it is not said of a later settling.
CREATE TABLE notice_settlement (
  notice_id TEXT PRIMARY KEY,
  why TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX notice_settlement_at ON notice_settlement (at);
