-- A key that records has a kind and belongs to a family, and each event says with which key it was
-- recorded.
ALTER TABLE keys
    -- Whether a gateway or an application records with it. NULL where nobody has said so: the key
    -- counts as a gateway's if it is there to record, as all did before there were kinds.
    ADD COLUMN kind TEXT CHECK (kind IN ('application', 'gateway')),
    -- The id of the first of the keys that take the place of each other, which may be its own.
    ADD COLUMN family TEXT COLLATE "C";

UPDATE keys SET family = id;

ALTER TABLE keys ALTER COLUMN family SET NOT NULL;

ALTER TABLE events
    -- The id of the key that recorded the event, or `configured`, and its kind at that time. NULL
    -- where that was not noted yet.
    ADD COLUMN recorded_by TEXT COLLATE "C",
    ADD COLUMN recorded_kind TEXT COLLATE "C",
    -- The log id of the first record of the call, on each of several records that contradict each
    -- other. Their request_hash is no id's on all but that one, as no two are alike.
    ADD COLUMN conflict_of TEXT COLLATE "C",
    -- True where the event names a writer that is not its sender's, otherwise NULL.
    ADD COLUMN writer_not_counted BOOLEAN;

-- Where events with conflict_of are. Some may be gone.
CREATE TABLE conflicts (
    position BIGINT NOT NULL PRIMARY KEY
);

-- The family of keys to which the writer belongs. NULL until a gateway's key uses it.
ALTER TABLE writers ADD COLUMN family TEXT COLLATE "C";
-- Of hashes, because an index takes no text as long as those may be.
CREATE INDEX writers_of_families ON writers USING hash (writer_id) WHERE family IS NOT NULL;
