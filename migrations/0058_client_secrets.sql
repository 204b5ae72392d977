-- The secrets of relying parties, by digest: when each was drawn, by whom, when it served last, and until when it is
-- taken. In this release the columns of `client` still decide; they are written beside these rows for one release more.
-- drawn_at: NULL for a secret that was there before. closes_at: it is taken until then.
CREATE TABLE client_secret (
  client_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  drawn_at BIGINT,
  drawn_by TEXT,
  last_used_at BIGINT,
  closes_at BIGINT,
  closed_at BIGINT,
  PRIMARY KEY (client_id, digest)
);
