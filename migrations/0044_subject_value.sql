-- Finds the account that clients of a space know by a value: no two accounts have one.
CREATE INDEX subject_value ON subject (space, value);
