-- Texts of events stand in columns as collector/src/store/postgres/text.rs writes them: U+0000, which
-- no column can hold, is escaped. They compare byte by byte, as in SQLite.

-- One row for each call that was audited. Times are microseconds since 1970, UTC.
CREATE TABLE events (
    -- Nanoseconds since 1970: the timestamp, and below its microseconds a number that tells apart
    -- the events of one microsecond.
    position         BIGINT NOT NULL PRIMARY KEY,
    id               TEXT COLLATE "C" NOT NULL UNIQUE,
    -- SHA-256 of request_id and organization_id: an index takes no text as long as those may be.
    request_hash     BYTEA NOT NULL,
    organization_hash BYTEA NOT NULL,
    organization_id  TEXT COLLATE "C" NOT NULL,
    request_id       TEXT COLLATE "C" NOT NULL,
    timestamp        BIGINT NOT NULL,
    received_at      BIGINT NOT NULL,
    user_id          TEXT COLLATE "C" NOT NULL,
    session_id       TEXT COLLATE "C",
    decision_type    TEXT COLLATE "C",
    decision_outcome TEXT COLLATE "C",
    model_provider   TEXT COLLATE "C" NOT NULL,
    model_name       TEXT COLLATE "C" NOT NULL,
    risk_level       TEXT COLLATE "C",
    completion_state TEXT COLLATE "C",
    prompt_hash      TEXT COLLATE "C" NOT NULL,
    writer_id        TEXT COLLATE "C",
    writer_seq       BIGINT,
    -- When its content was erased.
    erased_at        BIGINT,
    -- The event as it was sent: the text itself, so that 1.0 stays 1.0.
    event            TEXT NOT NULL,
    -- request_hash first, so that a look-up that does not know the organisation uses it too.
    UNIQUE (request_hash, organization_hash)
);

-- The index of some events, which the program writes and reads.
CREATE TABLE segments (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    events         BIGINT NOT NULL,
    first_position BIGINT NOT NULL,
    last_position  BIGINT NOT NULL,
    -- Of each event, ascending: 8 bytes, the highest first.
    positions      BYTEA  NOT NULL
);

-- Which of its events have which terms, cut into chunks: see collector/src/search/segment.rs.
CREATE TABLE segment_chunks (
    segment    BIGINT NOT NULL,
    first_term BIGINT NOT NULL,
    bytes      BYTEA  NOT NULL,
    PRIMARY KEY (segment, first_term)
);

-- They do not compress, and trying takes longer than writing them.
ALTER TABLE segments ALTER COLUMN positions SET STORAGE EXTERNAL;
ALTER TABLE segment_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Events that segments tell something of that is no longer true: they were removed, erased, or their
-- call has ended. What is written anew of a segment leaves it out.
CREATE TABLE stale (
    position BIGINT NOT NULL PRIMARY KEY
);

-- Keys that open the API.
CREATE TABLE keys (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- SHA-256 of the key. The key itself is stored nowhere.
    hash            BYTEA NOT NULL UNIQUE,
    role            TEXT NOT NULL CHECK (role IN ('admin', 'ingest', 'read')),
    -- NULL reaches the events of every organisation.
    organization_id TEXT COLLATE "C",
    created_at      BIGINT NOT NULL,
    -- A revoked key stays in the list, so that it can be told later when it was good.
    revoked_at      BIGINT
);

-- What was received of each writer's sequence, kept beside the events so that it can be told at once,
-- and so that it stays true when old events are deleted.
CREATE TABLE writers (
    -- SHA-256 of organization_id and writer_id.
    writer          BYTEA NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    writer_id       TEXT COLLATE "C" NOT NULL,
    -- Calls, each counted once.
    events          BIGINT NOT NULL,
    -- Different numbers of the sequence that were received, which begins at 1.
    received        BIGINT NOT NULL,
    last_seq        BIGINT NOT NULL,
    first_timestamp BIGINT NOT NULL,
    last_timestamp  BIGINT NOT NULL
);

-- The stretches of a sequence without a hole. No two of them touch.
CREATE TABLE writer_runs (
    writer    BYTEA NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    PRIMARY KEY (writer, first_seq)
);

-- What must not be removed, whatever its age and whoever asks.
CREATE TABLE holds (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- NULL holds the events of every organisation.
    organization_id TEXT COLLATE "C",
    -- NULL holds the events of every user.
    user_id         TEXT COLLATE "C",
    reason          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    -- A released hold stays in the list, so that it can be told later what was held when.
    released_at     BIGINT
);

-- How many events were removed, on which day (in days since 1970), and why. It is written in the
-- commit that removes them.
CREATE TABLE removals (
    day             BIGINT NOT NULL,
    cause           TEXT NOT NULL CHECK (cause IN ('retention')),
    -- SHA-256 of organization_id.
    organization_hash BYTEA NOT NULL,
    organization_id TEXT COLLATE "C" NOT NULL,
    events          BIGINT NOT NULL,
    PRIMARY KEY (day, cause, organization_hash)
);

-- Whose content was erased, and why.
CREATE TABLE erasures (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- NULL is every organisation.
    organization_id TEXT COLLATE "C",
    user_id         TEXT COLLATE "C" NOT NULL,
    reason          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    -- Events of which content was erased so far.
    events          BIGINT NOT NULL
);
