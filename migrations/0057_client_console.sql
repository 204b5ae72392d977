-- What the console shows of relying parties.
CREATE INDEX audit_client ON audit (client_id, id) WHERE fact = 'client_changed';
