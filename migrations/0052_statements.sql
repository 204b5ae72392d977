-- changed_at: the time of the export by which the data became what it is; exported_at is that of the last one that
-- confirmed it. NULL: exported_at.
ALTER TABLE person ADD COLUMN changed_at BIGINT;
ALTER TABLE pupil ADD COLUMN changed_at BIGINT;

-- What a format said of a person's or pupil's row that has another format's data (an HMAC), and since when: who repeats
-- an old value corrects nothing.
CREATE TABLE roster_statement (
  row_id TEXT NOT NULL,
  format TEXT NOT NULL,
  digest TEXT NOT NULL,
  said_at BIGINT NOT NULL,
  PRIMARY KEY (row_id, format)
);

-- The academy for which the message was counted: not one any more of which the gateway says that nobody has the number.
ALTER TABLE sms_handed ADD COLUMN academy TEXT;
