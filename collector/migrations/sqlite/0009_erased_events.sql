-- How many events each erasure has changed so far in which organisation. It is written in the commit
-- that changes them. Erasures of earlier versions have no rows.
CREATE TABLE erased_events (
    erasure_id      TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    events          INTEGER NOT NULL,
    PRIMARY KEY (erasure_id, organization_id)
) STRICT, WITHOUT ROWID;
