-- The accounts that a run of --format comptes made; NULL for rosters.
ALTER TABLE import_run ADD COLUMN new_accounts BIGINT;
