-- Whom the code of a recovery was sent to: the account, and the blind index of the number or the id of the address. It
-- serves for nobody else, whatever the identifiant leads to when it is typed.
ALTER TABLE challenge ADD COLUMN sent_account TEXT;
ALTER TABLE challenge ADD COLUMN sent_to TEXT;
CREATE INDEX challenge_sent_account ON challenge (sent_account) WHERE sent_account IS NOT NULL;

-- childless: the house asked for the closing, and a child who comes back withdraws it. NULL: its person asked.
ALTER TABLE account ADD COLUMN closing_reason TEXT;
CREATE INDEX account_closing_reason ON account (closing_reason) WHERE closing_reason IS NOT NULL;

-- The child for whom a letter joins its parent to an account.
ALTER TABLE letter ADD COLUMN pupil_id TEXT;
