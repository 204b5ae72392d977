-- dropped: the schools, as a JSON list, that the last answer of the upstream named and that are not its own: each is written
-- into the audit once. upstream_acr_value: the acr of the answer, whose worth the upstream's file says.
ALTER TABLE upstream_link ADD COLUMN dropped TEXT;
ALTER TABLE session ADD COLUMN upstream_acr_value TEXT;
