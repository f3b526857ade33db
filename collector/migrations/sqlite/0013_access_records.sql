-- Who read what, and who changed what may be read: one row for each. Times are microseconds since 1970,
-- UTC. In the order of time, which is that in which they are read and removed.
CREATE TABLE access_records (
    at              INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    -- `ok`, or the code of the error.
    result          TEXT    NOT NULL,
    -- Of an answer of the API.
    status          INTEGER,
    -- NULL may be of any organization.
    organization_id TEXT,
    key_id          TEXT,
    key_name        TEXT,
    session         TEXT,
    -- Of a command.
    os_user         TEXT,
    -- Where it came from: an address, or the name of the host of a command.
    address         TEXT,
    forwarded_for   TEXT,
    -- What was asked for, as a JSON object.
    query           TEXT,
    -- What was given out, as a JSON array of ids: the first of them.
    ids             TEXT    NOT NULL,
    -- How many things were given out. NULL is unknown: an export that is under way, or was cut off with
    -- its collector.
    items           INTEGER,
    -- How often the same was given to the same, from `at` until `until`.
    times           INTEGER NOT NULL,
    -- Of an export its end, of what came several times the last of them, of a removal the time before
    -- which records were removed.
    until           INTEGER,
    PRIMARY KEY (at, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX access_records_of_removals ON access_records (until) WHERE action = 'records_removed';
CREATE INDEX access_records_of_retention ON access_records (at) WHERE action = 'retention_changed';

-- Only how many things an export gave out is not known when its record is made.
CREATE TRIGGER access_record_changed BEFORE UPDATE ON access_records
WHEN NOT (
    old.items IS NULL AND new.items IS NOT NULL AND (old.until IS NULL OR old.until = new.until)
    AND old.at = new.at AND old.id = new.id AND old.action = new.action AND old.result = new.result
    AND old.status IS new.status AND old.organization_id IS new.organization_id
    AND old.key_id IS new.key_id AND old.key_name IS new.key_name AND old.session IS new.session
    AND old.os_user IS new.os_user AND old.address IS new.address
    AND old.forwarded_for IS new.forwarded_for AND old.query IS new.query AND old.ids = new.ids
    AND old.times = new.times
)
BEGIN
    SELECT RAISE(ABORT, 'an access record is never changed');
END;

-- What is removed is said to be removed, in a record that stays longer.
CREATE TRIGGER access_record_removed BEFORE DELETE ON access_records
WHEN NOT EXISTS (
    SELECT 1 FROM access_records WHERE action = 'records_removed' AND until > old.at AND at > old.at
)
BEGIN
    SELECT RAISE(ABORT, 'an access record is removed only by its retention, which is recorded');
END;

-- A key may have a name, and a time at which it ends; when it was last used is noted now and then. There
-- is a role for those who read access records.
CREATE TABLE keys_with_names (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the key. The key itself is stored nowhere.
    hash            BLOB    NOT NULL UNIQUE,
    role            TEXT    NOT NULL CHECK (role IN ('admin', 'auditor', 'ingest', 'read')),
    -- NULL reaches the events of every organization.
    organization_id TEXT,
    -- Whether a gateway or an application records with it. NULL where nobody has said so: the key
    -- counts as a gateway's if it is there to record, as all did before there were kinds.
    kind            TEXT    CHECK (kind IN ('application', 'gateway')),
    -- The id of the first of the keys that take the place of each other, which may be its own.
    family          TEXT    NOT NULL,
    name            TEXT,
    created_at      INTEGER NOT NULL,
    -- A revoked key stays in the list, so that it can be told later when it was good.
    revoked_at      INTEGER,
    expires_at      INTEGER,
    last_used_at    INTEGER
) STRICT;

INSERT INTO keys_with_names
    (id, hash, role, organization_id, kind, family, created_at, revoked_at)
SELECT id, hash, role, organization_id, kind, family, created_at, revoked_at FROM keys;

DROP TABLE keys;
ALTER TABLE keys_with_names RENAME TO keys;
