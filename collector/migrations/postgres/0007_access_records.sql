-- Who read what, and who changed what may be read: one row for each. Times are microseconds since 1970,
-- UTC. In the order of time, which is that in which they are read and removed.
CREATE TABLE access_records (
    at              BIGINT NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    -- `ok`, or the code of the error.
    result          TEXT NOT NULL,
    -- Of an answer of the API.
    status          BIGINT,
    -- NULL may be of any organization.
    organization_id TEXT COLLATE "C",
    key_id          TEXT COLLATE "C",
    key_name        TEXT,
    session         TEXT,
    -- Of a command.
    os_user         TEXT,
    -- Where it came from: an address, or the name of the host of a command.
    address         TEXT,
    forwarded_for   TEXT,
    -- What was asked for, as a JSON object.
    query           TEXT,
    -- What was given out, as a JSON array of ids: the first of them.
    ids             TEXT NOT NULL,
    -- How many things were given out. NULL is unknown: an export that is under way, or was cut off with
    -- its collector.
    items           BIGINT,
    -- How often the same was given to the same, from `at` until `until`.
    times           BIGINT NOT NULL,
    -- Of an export its end, of what came several times the last of them, of a removal the time before
    -- which records were removed.
    until           BIGINT,
    PRIMARY KEY (at, id)
);

CREATE INDEX access_records_of_removals ON access_records (until) WHERE action = 'records_removed';
CREATE INDEX access_records_of_retention ON access_records (at) WHERE action = 'retention_changed';

-- Only how many things an export gave out is not known when its record is made.
CREATE FUNCTION access_record_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF old.items IS NULL AND new.items IS NOT NULL AND (old.until IS NULL OR old.until = new.until)
        AND to_jsonb(old) - 'items' - 'until' = to_jsonb(new) - 'items' - 'until'
    THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION 'an access record is never changed';
END $$;

CREATE TRIGGER access_record_changed BEFORE UPDATE ON access_records
FOR EACH ROW EXECUTE FUNCTION access_record_changed();

-- What is removed is said to be removed, in a record that stays longer.
CREATE FUNCTION access_record_removed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM access_records
        WHERE action = 'records_removed' AND until > old.at AND at > old.at
    ) THEN
        RETURN old;
    END IF;
    RAISE EXCEPTION 'an access record is removed only by its retention, which is recorded';
END $$;

CREATE TRIGGER access_record_removed BEFORE DELETE ON access_records
FOR EACH ROW EXECUTE FUNCTION access_record_removed();

CREATE TRIGGER access_records_emptied BEFORE TRUNCATE ON access_records
FOR EACH STATEMENT EXECUTE FUNCTION access_record_removed();

-- A key may have a name, and a time at which it ends; when it was last used is noted now and then. There
-- is a role for those who read access records.
ALTER TABLE keys
    ADD COLUMN name TEXT,
    ADD COLUMN expires_at BIGINT,
    ADD COLUMN last_used_at BIGINT,
    DROP CONSTRAINT keys_role_check,
    ADD CONSTRAINT keys_role_check CHECK (role IN ('admin', 'auditor', 'ingest', 'read'));
