-- When the school ended a legal link of a person with an active account, until that person is told.
ALTER TABLE link ADD COLUMN end_untold_at BIGINT;
CREATE INDEX link_end_untold ON link (end_untold_at) WHERE end_untold_at IS NOT NULL;
