-- What failed, by the hour in which it began: a budget's failures begin with that time, in thirteen digits.
CREATE INDEX budget_failed ON budget (failures) WHERE failures IS NOT NULL;
