-- What the console's pages look up, and counted or read from end to end.

-- The open notices of a school, by kind.
CREATE INDEX notice_open_school ON notice (uai, kind) WHERE settled_at IS NULL;

-- The schools of an academy, and the pairs of academies and ministries.
CREATE INDEX school_academy ON school (academy, ministry);

-- The campaigns that close soon.
CREATE INDEX campaign_closes ON campaign (closes_at);

-- The sign-outs that relying parties did not take; the state is there so that no row is read.
CREATE INDEX logout_delivery_failed ON logout_delivery (client_id, created_at, state)
  WHERE state <> 'delivered' AND state <> 'waiting';
