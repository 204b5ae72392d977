-- The journal of the console: an index for each of the ways by which it walks the audit, newest first. None of them has
-- the sign-ins, which are most of the rows.
CREATE INDEX audit_academy ON audit (academy, id) WHERE academy IS NOT NULL;
CREATE INDEX audit_school ON audit (uai, id) WHERE uai IS NOT NULL;
CREATE INDEX audit_actor ON audit (actor_id, id) WHERE actor_kind IN ('administrator', 'token');
CREATE INDEX audit_acts ON audit (id) WHERE actor_kind IN ('administrator', 'operator', 'token');
CREATE INDEX audit_impersonal ON audit (id) WHERE COALESCE(account_id, '') = '';

-- The last verification of all seals: one row, id 1. begun_at: the server that sets it verifies. last: the last sealed
-- row. broken: the first and the last row of each seal that does not agree, JSON.
CREATE TABLE audit_check (
  id BIGINT PRIMARY KEY,
  begun_at BIGINT NOT NULL,
  checked_at BIGINT,
  seals BIGINT NOT NULL,
  events BIGINT NOT NULL,
  last TEXT NOT NULL,
  broken TEXT NOT NULL
);
