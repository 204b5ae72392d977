-- A seal over the audit rows from `first` to `last`: their number and digest, chained by `previous` to the seal before.
-- Rows are sealed a minute after they were written, so that no event waits for the chain.
CREATE TABLE audit_seal (
  seq BIGINT PRIMARY KEY,
  first TEXT NOT NULL,
  last TEXT NOT NULL,
  count BIGINT NOT NULL,
  digest TEXT NOT NULL,
  previous TEXT NOT NULL,
  sealed_at BIGINT NOT NULL
);
CREATE INDEX audit_seal_last ON audit_seal (last);
