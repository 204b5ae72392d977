-- The accounts that upstreams made, for their retention: few among the accounts of rosters.
CREATE INDEX account_federated ON account (id) WHERE origin = 'federation';
