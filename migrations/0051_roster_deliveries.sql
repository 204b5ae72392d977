-- The deliveries of an academy that a school took, or has still to take: taken_at is NULL. A delta changes what the one
-- before it left, so it is refused as long as an earlier one is missing. exported_at is their order.
CREATE TABLE roster_delivery (
  uai TEXT NOT NULL REFERENCES school (uai),
  format TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  exported_at BIGINT NOT NULL,
  taken_at BIGINT,
  PRIMARY KEY (uai, format, name)
);

-- files: a digest of the files' names and sizes. Given again after an interruption, they go on with the same run.
ALTER TABLE import_run ADD COLUMN files TEXT;
ALTER TABLE import_run ADD COLUMN resumed_at BIGINT;

-- The order in which a run wrote its sets.
ALTER TABLE import_run_set ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
