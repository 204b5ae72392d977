-- Requests for relying parties, and for changes of them.

-- kind: new, change. state: draft, requested, question (the author is asked), refused, approved, withdrawn. form, checks:
-- JSON. base_version: of the client that a change was made from. version: compared and set by each write. owner: the
-- academy that it becomes part of. decided_by, words: the decision's.
CREATE TABLE client_request (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  form TEXT NOT NULL,
  checks TEXT NOT NULL,
  checked_at BIGINT,
  base_version BIGINT NOT NULL,
  version BIGINT NOT NULL,
  owner TEXT,
  author_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  requested_at BIGINT,
  decided_at BIGINT,
  decided_by TEXT,
  words TEXT NOT NULL
);
CREATE INDEX client_request_open ON client_request (id) WHERE state IN ('requested', 'question');
CREATE INDEX client_request_client ON client_request (client_id, id);
CREATE INDEX client_request_author ON client_request (author_id, id);
CREATE INDEX client_request_requested ON client_request (requested_at) WHERE requested_at IS NOT NULL;

-- Who agreed with a version of a request: a perimeter of several academies needs somebody of each.
CREATE TABLE client_approval (
  request_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  administrator_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (request_id, version, administrator_id)
);

-- Until when it is on trial, with a hundred persons at most.
ALTER TABLE client ADD COLUMN probation_until BIGINT;
CREATE TABLE client_trial (
  client_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (client_id, account_id)
);
