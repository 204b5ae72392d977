-- token_id: the token of the program that keeps it, for its person. What programs keep is counted apart from what the
-- person keeps.
ALTER TABLE console_draft ADD COLUMN token_id TEXT;
ALTER TABLE client_request ADD COLUMN token_id TEXT;
ALTER TABLE roster_upload ADD COLUMN token_id TEXT;
