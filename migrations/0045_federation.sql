-- Sign-in through the providers of others.

-- Who is meant by an upstream's sub: nothing else leads from an upstream to an account. academy, ministry and schools
-- (a JSON list of UAI) are what the upstream said at the last sign-in, of an account that it made.
CREATE TABLE upstream_link (
  issuer TEXT NOT NULL,
  sub TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES account (id),
  upstream TEXT NOT NULL,
  academy TEXT,
  ministry TEXT,
  schools TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, sub)
);
CREATE INDEX upstream_link_account ON upstream_link (account_id);

-- upstream: the id of the upstream of a sign-in through one; upstream_acr: the level that its file gives it, if any;
-- upstream_id_token: sealed, for the sign-out there, and given away once.
ALTER TABLE session ADD COLUMN upstream TEXT;
ALTER TABLE session ADD COLUMN upstream_acr TEXT;
ALTER TABLE session ADD COLUMN upstream_id_token TEXT;
