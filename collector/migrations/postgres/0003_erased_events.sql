-- How many events each erasure has changed so far in which organisation. It is written in the commit
-- that changes them. Erasures of earlier versions have no rows.
CREATE TABLE erased_events (
    erasure_id      TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of organization_id.
    organization_hash BYTEA NOT NULL,
    organization_id TEXT COLLATE "C" NOT NULL,
    events          BIGINT NOT NULL,
    PRIMARY KEY (erasure_id, organization_hash)
);
