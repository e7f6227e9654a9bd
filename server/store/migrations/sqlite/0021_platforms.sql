-- A3: where an app runs is another than before: who was to have it may not be able to any more, and the other way round.
CREATE TRIGGER assets_run_elsewhere AFTER UPDATE OF platforms ON assets
WHEN NEW.stage = 1 AND NEW.platforms <> OLD.platforms
    AND (NEW.waiting > 0 OR EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id)) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.id, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
-- So is what a device can have. What its person's groups are assigned is planned again by whoever writes the device.
CREATE TRIGGER devices_became AFTER UPDATE OF platform, enrolment, store_blocked ON devices
WHEN (NEW.platform, NEW.enrolment, NEW.store_blocked) <> (OLD.platform, OLD.enrolment, OLD.store_blocked) BEGIN
    INSERT INTO group_changes (group_id, at)
    SELECT m.group_id, 0 FROM group_members m WHERE m.member = NEW.id
    ON CONFLICT DO NOTHING;
END;
