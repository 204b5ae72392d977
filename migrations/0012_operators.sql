-- When messages could not leave, and which files were published.

-- reason: gateway (it refuses the deployment, or is away), cap (the day's messages are used up), operator (an operator
-- said so), prefix +NNNN (too few codes of these numbers are entered). What was asked for meanwhile costs nobody.
CREATE TABLE sms_outage (
  id TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  began_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  refusals BIGINT NOT NULL,
  told_at BIGINT,
  ended_at BIGINT
);
CREATE UNIQUE INDEX sms_outage_open ON sms_outage (reason) WHERE ended_at IS NULL;
CREATE INDEX sms_outage_end ON sms_outage (ended_at);

-- Codes sent and codes entered, by the first digits of the number and the hour since 1970.
CREATE TABLE sms_traffic (
  destination TEXT NOT NULL,
  hour BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  entered BIGINT NOT NULL,
  PRIMARY KEY (destination, hour)
);

-- Sends of a challenge that fell into an outage.
ALTER TABLE challenge ADD COLUMN unsent BIGINT NOT NULL DEFAULT 0;
-- What a person's messages were asked with, for whoever lifts it.
CREATE INDEX challenge_person ON challenge (person_budget) WHERE person_budget IS NOT NULL;
-- An attempt was not answered: it may have been taken.
ALTER TABLE outbox ADD COLUMN unsure BOOLEAN NOT NULL DEFAULT FALSE;

-- Each set of the deployment's files that was published, newest last: a server with an older one does not win.
-- changed_at: when the newest of the files was written, by the clock of the machine that has them.
CREATE TABLE publication (
  revision BIGINT PRIMARY KEY,
  digest TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  published_at BIGINT NOT NULL
);
CREATE INDEX publication_digest ON publication (digest);
-- The file that declares a client: where it is broken, the client stays as it is.
ALTER TABLE client ADD COLUMN file TEXT;
-- What that file and its secret said.
ALTER TABLE client ADD COLUMN file_digest TEXT;
