-- Texts without blanks between words are found by their characters: every text is read again for it.
-- No commit and no merge of another collector comes in between.
LOCK TABLE events, segments, segment_chunks, stale IN SHARE ROW EXCLUSIVE MODE;

-- Events that are in no segment yet, and that a collector reads again when it starts.
CREATE TABLE unindexed (
    position BIGINT NOT NULL PRIMARY KEY
);

INSERT INTO unindexed (position) SELECT position FROM events;
DELETE FROM segment_chunks;
DELETE FROM segments;
DELETE FROM stale;
