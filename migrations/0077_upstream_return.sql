-- answered_at: the time at which the upstream's answer came, with which the session began. A fresh proof is counted from
-- then, not from the departure, of which authenticated_at tells where the upstream does not say when it asked.
ALTER TABLE session ADD COLUMN answered_at BIGINT;
