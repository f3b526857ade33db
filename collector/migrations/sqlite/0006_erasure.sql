-- When an event's content was erased, in microseconds since 1970, UTC.
ALTER TABLE events ADD COLUMN erased_at INTEGER;

CREATE TABLE erasures (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- NULL is every organisation.
    organization_id TEXT,
    user_id         TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    -- Events of which content was erased so far.
    events          INTEGER NOT NULL
) STRICT;

CREATE TRIGGER event_changed AFTER UPDATE OF event ON events BEGIN
    DELETE FROM event_tags
    WHERE position = old.position
    AND tag IN (SELECT value FROM json_each(old.event, '$.compliance_tags') WHERE type = 'text');
    INSERT INTO event_tags (tag, position)
    SELECT DISTINCT value, new.position FROM json_each(new.event, '$.compliance_tags')
    WHERE type = 'text';
    INSERT INTO event_words (event_words, rowid, words)
    VALUES (
        'delete',
        old.position,
        concat_ws(
            char(10), old.event ->> 'prompt_content', old.event ->> 'response_content',
            old.event ->> 'reasoning'
        )
    );
    INSERT INTO event_words (rowid, words)
    VALUES (
        new.position,
        concat_ws(
            char(10), new.event ->> 'prompt_content', new.event ->> 'response_content',
            new.event ->> 'reasoning'
        )
    );
END;
