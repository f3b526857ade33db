-- What takes a while is recorded when it begins, with the result `begun`. At its end it is said once how it
-- went, how many things were given out, which were the first, and how often it was asked for.
CREATE OR REPLACE FUNCTION access_record_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    of_the_end TEXT[] := ARRAY['items', 'until'];
BEGIN
    IF old.result = 'begun' AND new.result <> 'begun' THEN
        of_the_end := of_the_end || ARRAY['result', 'ids', 'times'];
    -- As versions before this one write, which said `ok` from the beginning.
    ELSIF old.result = 'begun' OR old.items IS NOT NULL OR new.items IS NULL THEN
        RAISE EXCEPTION 'an access record is never changed';
    END IF;
    IF (old.until IS NULL OR old.until = new.until)
        AND to_jsonb(old) - of_the_end = to_jsonb(new) - of_the_end
    THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION 'an access record is never changed';
END $$;
