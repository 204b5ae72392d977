-- When the last backup was written, without reading the audit from end to end.
CREATE INDEX audit_backup ON audit (at) WHERE fact = 'backup_written';
