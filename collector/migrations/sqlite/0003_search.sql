-- Each event has a position in the order of time, which is the key of its row. Every index ends in
-- that key, so that what it finds comes in order, a page begins where the one before ended, and
-- nothing is ever sorted.
CREATE TABLE events_in_order (
    -- Nanoseconds since 1970: the timestamp, and below its microseconds a number that tells apart
    -- the events of one microsecond. If there are more than a thousand, the others follow in the
    -- microseconds after.
    position         INTEGER NOT NULL PRIMARY KEY,
    id               TEXT    NOT NULL UNIQUE,
    organization_id  TEXT    NOT NULL,
    request_id       TEXT    NOT NULL,
    -- Times are microseconds since 1970, UTC.
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

-- In the order that pages had before. An event whose time is taken moves behind the one before it;
-- the two bounds are the years 1677 and 2262, between which nanoseconds can be counted.
INSERT INTO events_in_order
SELECT
    number + max(earliest - number) OVER (ORDER BY number),
    id, organization_id, request_id, timestamp, received_at, user_id, session_id, decision_type,
    decision_outcome, model_provider, model_name, risk_level, completion_state, prompt_hash,
    writer_id, writer_seq, event
FROM (
    SELECT
        *,
        row_number() OVER (ORDER BY timestamp, id) AS number,
        1000 * min(max(timestamp, -9223372036000000), 9223372036000000) AS earliest
    FROM events
)
ORDER BY number;

DROP TABLE events;
ALTER TABLE events_in_order RENAME TO events;

CREATE INDEX events_by_organization ON events (organization_id);
CREATE INDEX events_by_user ON events (user_id);
CREATE INDEX events_by_session ON events (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX events_by_decision_type ON events (decision_type) WHERE decision_type IS NOT NULL;
CREATE INDEX events_by_decision_outcome ON events (decision_outcome)
    WHERE decision_outcome IS NOT NULL;
CREATE INDEX events_by_provider ON events (model_provider);
CREATE INDEX events_by_model ON events (model_name);
CREATE INDEX events_by_risk_level ON events (risk_level) WHERE risk_level IS NOT NULL;
CREATE INDEX events_by_completion_state ON events (completion_state)
    WHERE completion_state IS NOT NULL;
CREATE INDEX events_by_prompt_hash ON events (prompt_hash);

CREATE TABLE event_tags (
    tag      TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tag, position)
) STRICT, WITHOUT ROWID;

-- An index of words alone: the text itself is in the event.
CREATE VIRTUAL TABLE event_words USING fts5 (
    words,
    content = '',
    columnsize = 0,
    tokenize = 'unicode61 remove_diacritics 2'
);

INSERT INTO event_tags (tag, position)
SELECT DISTINCT tags.value, events.position
FROM events, json_each(events.event, '$.compliance_tags') AS tags
WHERE tags.type = 'text';

INSERT INTO event_words (rowid, words)
SELECT
    position,
    concat_ws(
        char(10), event ->> 'prompt_content', event ->> 'response_content', event ->> 'reasoning'
    )
FROM events;

-- By triggers, so that no statement can change an event and forget what finds it.
CREATE TRIGGER event_added AFTER INSERT ON events BEGIN
    INSERT INTO event_tags (tag, position)
    SELECT DISTINCT value, new.position FROM json_each(new.event, '$.compliance_tags')
    WHERE type = 'text';
    INSERT INTO event_words (rowid, words)
    VALUES (
        new.position,
        concat_ws(
            char(10), new.event ->> 'prompt_content', new.event ->> 'response_content',
            new.event ->> 'reasoning'
        )
    );
END;

CREATE TRIGGER event_removed AFTER DELETE ON events BEGIN
    DELETE FROM event_tags
    WHERE position = old.position
    AND tag IN (SELECT value FROM json_each(old.event, '$.compliance_tags') WHERE type = 'text');
    -- An index without text has to be told what it held.
    INSERT INTO event_words (event_words, rowid, words)
    VALUES (
        'delete',
        old.position,
        concat_ws(
            char(10), old.event ->> 'prompt_content', old.event ->> 'response_content',
            old.event ->> 'reasoning'
        )
    );
END;
