-- The trace of the request that caused a job (W3C Trace Context), where traces are sent.
ALTER TABLE outbox ADD COLUMN trace TEXT;
