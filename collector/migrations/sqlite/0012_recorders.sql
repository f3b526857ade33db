-- A key that records has a kind and belongs to a family, and each event says with which key it was
-- recorded.
CREATE TABLE keys_of_families (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the key. The key itself is stored nowhere.
    hash            BLOB    NOT NULL UNIQUE,
    role            TEXT    NOT NULL CHECK (role IN ('admin', 'ingest', 'read')),
    -- NULL reaches the events of every organization.
    organization_id TEXT,
    -- Whether a gateway or an application records with it. NULL where nobody has said so: the key
    -- counts as a gateway's if it is there to record, as all did before there were kinds.
    kind            TEXT    CHECK (kind IN ('application', 'gateway')),
    -- The id of the first of the keys that take the place of each other, which may be its own.
    family          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    -- A revoked key stays in the list, so that it can be told later when it was good.
    revoked_at      INTEGER
) STRICT;

INSERT INTO keys_of_families (id, hash, role, organization_id, family, created_at, revoked_at)
SELECT id, hash, role, organization_id, id, created_at, revoked_at FROM keys;

DROP TABLE keys;
ALTER TABLE keys_of_families RENAME TO keys;

-- The id of the key that recorded the event, or `configured`, and its kind at that time. NULL where
-- that was not noted yet.
ALTER TABLE events ADD COLUMN recorded_by TEXT;
ALTER TABLE events ADD COLUMN recorded_kind TEXT;
-- The log id of the first record of the call, on each of several records that contradict each other.
-- Their column request_id is longer than an id may be on all but that one, as no two are alike.
ALTER TABLE events ADD COLUMN conflict_of TEXT;
-- 1 where the event names a writer that is not its sender's.
ALTER TABLE events ADD COLUMN writer_not_counted INTEGER;

-- Where events with conflict_of are. Some may be gone.
CREATE TABLE conflicts (
    position INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- The family of keys to which the writer belongs. NULL until a gateway's key uses it.
ALTER TABLE writers ADD COLUMN family TEXT;
CREATE INDEX writers_of_families ON writers (writer_id) WHERE family IS NOT NULL;
