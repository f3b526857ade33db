-- What must not be removed, whatever its age and whoever asks. Times are microseconds since 1970, UTC.
CREATE TABLE holds (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- NULL holds the events of every organisation.
    organization_id TEXT,
    -- NULL holds the events of every user.
    user_id         TEXT,
    reason          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    -- A released hold stays in the list, so that it can be told later what was held when.
    released_at     INTEGER
) STRICT;

-- How many events were removed, on which day (in days since 1970), and why. It is written in the
-- commit that removes them.
CREATE TABLE removals (
    day             INTEGER NOT NULL,
    cause           TEXT    NOT NULL CHECK (cause IN ('retention')),
    organization_id TEXT    NOT NULL,
    events          INTEGER NOT NULL,
    PRIMARY KEY (day, cause, organization_id)
) STRICT, WITHOUT ROWID;
