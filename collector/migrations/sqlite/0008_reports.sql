-- Reports that were asked for, and the documents as long as they are kept. Times are microseconds
-- since 1970, UTC.
CREATE TABLE reports (
    -- It begins with the time at which the report was asked for.
    id              TEXT    NOT NULL PRIMARY KEY,
    -- Whose events it is of. NULL is every organisation.
    organization_id TEXT,
    report_type     TEXT    NOT NULL,
    format          TEXT    NOT NULL,
    -- What was asked for, as a JSON object.
    query           TEXT    NOT NULL,
    -- The event and the user whose content it shows, if it shows any: it goes when that goes.
    log_id          TEXT,
    user_id         TEXT,
    created_at      INTEGER NOT NULL,
    -- When the collector that makes it last said so.
    alive_at        INTEGER NOT NULL,
    events_read     INTEGER NOT NULL DEFAULT 0,
    status          TEXT    NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    -- Why it failed, in a word.
    failure         TEXT,
    finished_at     INTEGER,
    bytes           INTEGER NOT NULL DEFAULT 0,
    document        BLOB
) STRICT;
