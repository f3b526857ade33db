-- What was received of each writer's sequence, kept beside the events so that it can be told at once,
-- and so that it stays true when old events are deleted.
CREATE TABLE writers (
    organization_id TEXT    NOT NULL,
    writer_id       TEXT    NOT NULL,
    -- Calls, each counted once.
    events          INTEGER NOT NULL,
    -- Different numbers of the sequence that were received, which begins at 1.
    received        INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    -- Microseconds since 1970, UTC.
    first_timestamp INTEGER NOT NULL,
    last_timestamp  INTEGER NOT NULL,
    PRIMARY KEY (organization_id, writer_id)
) STRICT, WITHOUT ROWID;

-- The stretches of a sequence without a hole. No two of them touch.
CREATE TABLE writer_runs (
    organization_id TEXT    NOT NULL,
    writer_id       TEXT    NOT NULL,
    first_seq       INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    PRIMARY KEY (organization_id, writer_id, first_seq)
) STRICT, WITHOUT ROWID;

INSERT INTO writers
SELECT
    organization_id, writer_id, count(*), count(DISTINCT writer_seq), max(writer_seq),
    min(timestamp), max(timestamp)
FROM events WHERE writer_id IS NOT NULL AND writer_seq >= 1
GROUP BY organization_id, writer_id;

-- In a run, the numbers and their ranks grow together.
INSERT INTO writer_runs
SELECT organization_id, writer_id, min(writer_seq), max(writer_seq)
FROM (
    SELECT
        organization_id, writer_id, writer_seq,
        writer_seq - row_number() OVER (
            PARTITION BY organization_id, writer_id ORDER BY writer_seq
        ) AS run
    FROM (
        SELECT DISTINCT organization_id, writer_id, writer_seq
        FROM events WHERE writer_id IS NOT NULL AND writer_seq >= 1
    )
)
GROUP BY organization_id, writer_id, run;
