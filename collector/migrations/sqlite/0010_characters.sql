-- Texts without blanks between words are found by their characters: every text is read again for it.
DELETE FROM segment_chunks;
DELETE FROM segments;
DELETE FROM stale;
INSERT OR IGNORE INTO unindexed (position) SELECT position FROM events;
