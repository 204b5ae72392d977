-- The gateway to which a message was handed last, unless it is known not to have taken it: no other one gets the
-- message, because two would be delivered.
ALTER TABLE outbox ADD COLUMN handed_to TEXT;
