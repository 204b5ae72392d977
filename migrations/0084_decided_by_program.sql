-- decided_token: the token of the program that decided for decided_by; read again before the worker writes.
ALTER TABLE roster_upload ADD COLUMN decided_token TEXT;
