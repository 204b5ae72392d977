-- A school of the first degree: its pupils are profile 3 of a vector.
ALTER TABLE school ADD COLUMN first_degree BOOLEAN NOT NULL DEFAULT FALSE;

-- Of an account whose number the school replaced: the number before it (sealed like phone), and since when its person
-- is to be told.
ALTER TABLE person ADD COLUMN former_phone TEXT;
ALTER TABLE person ADD COLUMN phone_change_untold_at BIGINT;
CREATE INDEX person_phone_untold ON person (phone_change_untold_at) WHERE phone_change_untold_at IS NOT NULL;

-- The days before its closing at which an account was last warned, and when a sign-in last kept one from closing.
ALTER TABLE account ADD COLUMN closing_warned_days BIGINT;
ALTER TABLE account ADD COLUMN kept_at BIGINT;
