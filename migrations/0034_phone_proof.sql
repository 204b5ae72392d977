-- A code by which a signed-in person proves the account's mobile: one for each account, typed in the session that asked.
CREATE TABLE phone_proof (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  session_id TEXT NOT NULL,
  challenge_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  asked_at BIGINT NOT NULL
);
CREATE INDEX phone_proof_age ON phone_proof (asked_at);

-- « Plus tard » to the question of an unproven mobile: it is asked again from here on.
ALTER TABLE account ADD COLUMN phone_question_from BIGINT;
