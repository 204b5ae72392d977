-- How far campaigns are: written from memory every ten seconds, because no sign-in waits for a figure.

-- The furthest step that a person of the roster reached while activating an account, and when. step: 1 a code was asked
-- for, 2 the code was right, 3 the children were confirmed, 4 the account is active.
CREATE TABLE campaign_progress (
  person_id TEXT PRIMARY KEY,
  step BIGINT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX campaign_progress_at ON campaign_progress (at);

-- The persons of a school who reached a step for the first time on a day. step: asked, code, children, active.
CREATE TABLE campaign_day (
  uai TEXT NOT NULL,
  day TEXT NOT NULL,
  step TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (uai, day, step)
);

-- The figures of a school for lists of many, counted again when its roster has another revision, when somebody of it
-- came further (stale), and once a day.
CREATE TABLE school_figure (
  uai TEXT PRIMARY KEY,
  revision BIGINT NOT NULL,
  counted_at BIGINT NOT NULL,
  stale BOOLEAN NOT NULL,
  parents BIGINT NOT NULL,
  with_account BIGINT NOT NULL,
  unreachable BIGINT NOT NULL,
  pupils BIGINT NOT NULL,
  pupils_covered BIGINT NOT NULL
);
CREATE INDEX school_figure_stale ON school_figure (counted_at) WHERE stale;
