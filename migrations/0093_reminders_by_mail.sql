-- Reminders of campaigns by mail.

-- mail (sealed) is filled by imports; mail_blind: of the same address, to know it again.
ALTER TABLE person ADD COLUMN mail_blind TEXT;

-- channel: sms, mail. subject: of a mail.
ALTER TABLE reminder_batch ADD COLUMN channel TEXT NOT NULL DEFAULT 'sms';
ALTER TABLE reminder_batch ADD COLUMN subject TEXT NOT NULL DEFAULT '';

-- The last reminder of an address, as `reminder` has that of a number.
CREATE TABLE reminder_mail (
  mail_blind TEXT PRIMARY KEY,
  uai TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX reminder_mail_at ON reminder_mail (at);
