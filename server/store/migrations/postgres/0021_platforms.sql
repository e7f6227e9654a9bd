-- A3: where an app runs is another than before: who was to have it may not be able to any more, and the other way round.
CREATE FUNCTION plan_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.waiting > 0 OR EXISTS (SELECT FROM assignments s WHERE s.asset = NEW.id) THEN
        PERFORM plan_soon(NEW.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_run_elsewhere AFTER UPDATE OF platforms ON assets FOR EACH ROW
    WHEN (NEW.stage = 1 AND NEW.platforms <> OLD.platforms) EXECUTE FUNCTION plan_elsewhere();
-- So is what a device can have. What its person's groups are assigned is planned again by whoever writes the device.
CREATE FUNCTION plan_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_changes (group_id, at)
    SELECT DISTINCT m.group_id, 0 FROM fresh n JOIN former f ON f.id = n.id JOIN group_members m ON m.member = n.id
    WHERE (n.platform, n.enrolment, n.store_blocked) <> (f.platform, f.enrolment, f.store_blocked)
    ORDER BY m.group_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER devices_became AFTER UPDATE ON devices REFERENCING OLD TABLE AS former NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION plan_devices();
