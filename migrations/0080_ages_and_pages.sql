-- The age, in years, of which a pupil was told last what it changes in the account.
ALTER TABLE account ADD COLUMN told_age BIGINT NOT NULL DEFAULT 0;

-- What a person read last before calling: the pages of an account.
CREATE INDEX support_event_account ON support_event (account_id, at) WHERE account_id IS NOT NULL;
