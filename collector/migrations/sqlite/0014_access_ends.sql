-- What takes a while is recorded when it begins, with the result `begun`. At its end it is said once how it
-- went, how many things were given out, which were the first, and how often it was asked for.
DROP TRIGGER access_record_changed;

CREATE TRIGGER access_record_changed BEFORE UPDATE ON access_records
WHEN NOT (
    (old.until IS NULL OR old.until = new.until)
    AND (
        old.result = 'begun' AND new.result <> 'begun'
        -- As versions before this one write, which said `ok` from the beginning.
        OR old.result <> 'begun' AND old.result = new.result AND old.items IS NULL AND new.items IS NOT NULL
            AND old.ids = new.ids AND old.times = new.times
    )
    AND old.at = new.at AND old.id = new.id AND old.action = new.action
    AND old.status IS new.status AND old.organization_id IS new.organization_id
    AND old.key_id IS new.key_id AND old.key_name IS new.key_name AND old.session IS new.session
    AND old.os_user IS new.os_user AND old.address IS new.address
    AND old.forwarded_for IS new.forwarded_for AND old.query IS new.query
)
BEGIN
    SELECT RAISE(ABORT, 'an access record is never changed');
END;
