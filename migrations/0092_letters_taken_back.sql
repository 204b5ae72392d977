-- A batch of letters that was taken back, once: when, and how many of its letters served until then.
ALTER TABLE letter_batch ADD COLUMN withdrawn_at BIGINT;
ALTER TABLE letter_batch ADD COLUMN letters_withdrawn BIGINT;
