-- Sign-ins of a day at a place, written from memory every ten seconds, because no sign-in waits for a figure.
-- place_kind: all, ministry, academy, school; place: its id, empty for all. A person of two schools counts once in each
-- place, so that no place is the sum of others. client_id: empty for all relying parties together. result: signed_in, or
-- why not.
CREATE TABLE sign_in_day (
  place_kind TEXT NOT NULL,
  place TEXT NOT NULL,
  client_id TEXT NOT NULL,
  day TEXT NOT NULL,
  result TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (place_kind, place, client_id, day, result)
);
CREATE INDEX sign_in_day_kind ON sign_in_day (place_kind, client_id, day);
CREATE INDEX sign_in_day_old ON sign_in_day (day);
