-- The latest time that a server of this house was at: one row, written every half minute. A clock that is set back
-- must not lengthen what ends (codes, locks, sessions), across a restart either.
CREATE TABLE clock (
    id TEXT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
