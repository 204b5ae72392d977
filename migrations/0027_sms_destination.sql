-- The prefix that the code was sent to, by which entered codes are counted whatever asked for them.
ALTER TABLE challenge ADD COLUMN destination TEXT;
