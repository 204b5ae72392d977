-- Mails to administrators.

-- The mail of the day about notices: one row an administrator, compared and set. day: of Paris.
CREATE TABLE console_mail_day (
  administrator_id TEXT PRIMARY KEY,
  day TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX console_mail_day_at ON console_mail_day (at);

-- What was told once. kind: requested, overdue, decided, trial_ended, secret_old, secret_closing_14, secret_closing_3,
-- deliveries, deliveries_academy, unused, suspended. subject: what it was about, an id with a time or a version.
CREATE TABLE console_mail_sent (
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
);
CREATE INDEX console_mail_sent_at ON console_mail_sent (at);

CREATE INDEX client_request_decided ON client_request (decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX client_probation ON client (probation_until) WHERE probation_until IS NOT NULL;
CREATE INDEX client_secret_drawn ON client_secret (drawn_at) WHERE closed_at IS NULL;
CREATE INDEX client_secret_closing ON client_secret (closes_at) WHERE closed_at IS NULL;
