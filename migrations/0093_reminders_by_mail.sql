-- Reminders of campaigns by mail.

-- mail (sealed) is filled by imports; mail_blind: of the same address, to know it again.
ALTER TABLE person ADD COLUMN mail_blind TEXT;

-- channel: sms, mail. subject: of a mail. state: of mails `mailing` while they leave, so that a server of an older release,
-- which knows SMS only, does not take them for its own. reminder.phone_blind: also the mark of an address.
ALTER TABLE reminder_batch ADD COLUMN channel TEXT NOT NULL DEFAULT 'sms';
ALTER TABLE reminder_batch ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE INDEX reminder_batch_mails ON reminder_batch (due_at) WHERE state = 'mailing';
