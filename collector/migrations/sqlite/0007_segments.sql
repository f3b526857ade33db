-- Events are found by segments, which the program writes and reads: a column's index costs a page of
-- the disk for each event of it, and an index of words more than all the rest.
DROP TRIGGER event_added;
DROP TRIGGER event_removed;
DROP TRIGGER event_changed;
DROP TABLE event_tags;
DROP TABLE event_words;
DROP INDEX events_by_organization;
DROP INDEX events_by_user;
DROP INDEX events_by_session;
DROP INDEX events_by_decision_type;
DROP INDEX events_by_decision_outcome;
DROP INDEX events_by_provider;
DROP INDEX events_by_model;
DROP INDEX events_by_risk_level;
DROP INDEX events_by_completion_state;
DROP INDEX events_by_prompt_hash;

-- The index of some events.
CREATE TABLE segments (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    events         INTEGER NOT NULL,
    first_position INTEGER NOT NULL,
    last_position  INTEGER NOT NULL,
    -- Of each event, ascending: 8 bytes, the highest first.
    positions      BLOB    NOT NULL
) STRICT;

-- Which of its events have which terms, cut into chunks: see collector/src/search/segment.rs.
CREATE TABLE segment_chunks (
    segment    INTEGER NOT NULL,
    first_term INTEGER NOT NULL,
    bytes      BLOB    NOT NULL,
    PRIMARY KEY (segment, first_term)
) STRICT, WITHOUT ROWID;

-- Events that segments tell something of that is no longer true: they were removed, erased, or their
-- call has ended. What is written anew of a segment leaves it out.
CREATE TABLE stale (
    position INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- Events that were stored before there were segments, and are in none yet.
CREATE TABLE unindexed (
    position INTEGER NOT NULL PRIMARY KEY
) STRICT;

INSERT INTO unindexed (position) SELECT position FROM events;
