-- The accounts whose closing was asked for: each hour looks for those that are due, and for those to be warned of.
CREATE INDEX account_closing ON account (closes_at) WHERE closes_at IS NOT NULL AND state = 'active';
