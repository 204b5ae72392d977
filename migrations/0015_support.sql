-- The school's telephone, for the pages that send a family there.
ALTER TABLE school ADD COLUMN telephone TEXT;

-- What a support code on a page stands for, where no activation and no notice has it. A page that a stranger can call
-- up at will is written within a bound only; the log has every one.
CREATE TABLE support_event (
  code TEXT NOT NULL,
  at BIGINT NOT NULL,
  page TEXT NOT NULL,
  path TEXT NOT NULL,
  request_id TEXT NOT NULL,
  account_id TEXT,
  activation_id TEXT,
  client_id TEXT
);
CREATE INDEX support_event_code ON support_event (code);
CREATE INDEX support_event_at ON support_event (at);

-- Of a password that replaced another: the former one's hash, so that whoever still types it is told when it was changed,
-- and whether the next sign-in has told it yet.
ALTER TABLE account ADD COLUMN former_password TEXT;
ALTER TABLE account ADD COLUMN password_change_untold BOOLEAN NOT NULL DEFAULT FALSE;
