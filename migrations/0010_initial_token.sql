-- The initial access token that a client registered with: a suspension revokes it, or its holder would register again.
ALTER TABLE client ADD COLUMN initial_token TEXT;
