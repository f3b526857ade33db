-- Reports that were asked for, and the documents as long as they are kept. Times are microseconds
-- since 1970, UTC.
CREATE TABLE reports (
    -- It begins with the time at which the report was asked for.
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Whose events it is of. NULL is every organisation.
    organization_id TEXT COLLATE "C",
    report_type     TEXT NOT NULL,
    format          TEXT NOT NULL,
    -- What was asked for, as a JSON object.
    query           TEXT NOT NULL,
    -- The event and the user whose content it shows, if it shows any: it goes when that goes.
    log_id          TEXT COLLATE "C",
    user_id         TEXT COLLATE "C",
    created_at      BIGINT NOT NULL,
    -- When the collector that makes it last said so.
    alive_at        BIGINT NOT NULL,
    events_read     BIGINT NOT NULL DEFAULT 0,
    status          TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    -- Why it failed, in a word.
    failure         TEXT,
    finished_at     BIGINT,
    bytes           BIGINT NOT NULL DEFAULT 0,
    document        BYTEA
);
