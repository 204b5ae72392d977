-- Who did it, in which role, about what, and why; and the request in the log. Rows of an older program have none.
ALTER TABLE audit ADD COLUMN actor_kind TEXT;
ALTER TABLE audit ADD COLUMN actor_id TEXT;
ALTER TABLE audit ADD COLUMN role TEXT;
ALTER TABLE audit ADD COLUMN academy TEXT;
ALTER TABLE audit ADD COLUMN uai TEXT;
ALTER TABLE audit ADD COLUMN person_id TEXT;
ALTER TABLE audit ADD COLUMN reason TEXT;
ALTER TABLE audit ADD COLUMN before TEXT;
ALTER TABLE audit ADD COLUMN after TEXT;
ALTER TABLE audit ADD COLUMN proof TEXT;
ALTER TABLE audit ADD COLUMN request_id TEXT;
