-- Erasure: what is left of accounts that were closed a year ago, and people whom no school names any more.
ALTER TABLE account ADD COLUMN erased_at BIGINT;
CREATE INDEX account_unerased ON account (updated_at) WHERE state = 'closed' AND erased_at IS NULL;
CREATE INDEX letter_of_person ON letter (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX letter_of_pupil ON letter (pupil_id) WHERE pupil_id IS NOT NULL;

-- Work that goes through a whole table once a day, on one server at a time, in steps. position: where the next step
-- begins. claimed_until: until when a server is at it. finished_at: the end of the last one, until the next begins.
CREATE TABLE daily_pass (
  name TEXT PRIMARY KEY,
  position TEXT NOT NULL,
  claimed_until BIGINT NOT NULL,
  finished_at BIGINT
);
