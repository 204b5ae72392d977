-- joined_at: when an import gave this record the account of the same pupil elsewhere. join_untold_at: the same until the
-- pupil is told. join_barred_at: when an operator took the record out of a wrong account; no import joins it again.
ALTER TABLE pupil ADD COLUMN joined_at BIGINT;
ALTER TABLE pupil ADD COLUMN join_untold_at BIGINT;
ALTER TABLE pupil ADD COLUMN join_barred_at BIGINT;
CREATE INDEX pupil_join_untold ON pupil (join_untold_at) WHERE join_untold_at IS NOT NULL;
