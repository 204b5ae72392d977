-- Logos of relying parties, drawn anew: PNG in base64. NULL: none could be had, or one is being fetched.
CREATE TABLE client_logo (
  client_id TEXT PRIMARY KEY REFERENCES client (client_id) ON DELETE CASCADE,
  logo_uri TEXT NOT NULL,
  png TEXT,
  tried_at BIGINT NOT NULL
);
