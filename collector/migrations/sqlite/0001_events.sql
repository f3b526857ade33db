-- One row for each call that was audited. Times are microseconds since 1970, UTC.
CREATE TABLE events (
    id               TEXT    NOT NULL PRIMARY KEY,
    organization_id  TEXT    NOT NULL,
    request_id       TEXT    NOT NULL,
    timestamp        INTEGER NOT NULL,
    received_at      INTEGER NOT NULL,
    user_id          TEXT    NOT NULL,
    session_id       TEXT,
    decision_type    TEXT,
    decision_outcome TEXT,
    model_provider   TEXT    NOT NULL,
    model_name       TEXT    NOT NULL,
    risk_level       TEXT,
    completion_state TEXT,
    prompt_hash      TEXT    NOT NULL,
    writer_id        TEXT,
    writer_seq       INTEGER,
    -- The event as it was sent: the text itself, so that 1.0 stays 1.0.
    event            TEXT    NOT NULL,
    -- request_id first, so that a look-up that does not know the organisation uses it too.
    UNIQUE (request_id, organization_id)
) STRICT;

CREATE INDEX events_by_time ON events (timestamp, id);
CREATE INDEX events_by_decision_type ON events (decision_type, timestamp, id);
CREATE INDEX events_by_user ON events (user_id, timestamp, id);

-- Keys that open the API. The key itself is stored nowhere.
CREATE TABLE api_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the key.
    hash       BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
