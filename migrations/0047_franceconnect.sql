-- The upstream's person who is linked at the end of an activation, in place of a password: sealed.
ALTER TABLE activation ADD COLUMN upstream TEXT;
