-- The shares of what nobody decided on are added up in the writer's transaction: by the index alone, as before programs
-- were counted apart. token_id follows the previews in a row.
CREATE INDEX roster_upload_shares ON roster_upload (academy, uai, token_id, bytes)
  WHERE state IN ('receiving', 'received', 'waiting', 'writing');
