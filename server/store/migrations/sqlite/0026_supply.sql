-- A8, R2: what becomes free is given to those who wait or failed for want of it. Where Apple is through with all that was
-- sent, assignments are looked at again, and so is what one gave that is there no longer.
DROP TRIGGER assets_freed;
CREATE TRIGGER assets_freed AFTER UPDATE OF available, pending ON assets
WHEN NEW.stage = 1 AND (
    NEW.available - NEW.pending > OLD.available - OLD.pending AND (NEW.waiting > 0
        OR EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id AND s.shortage = 1))
    OR NEW.pending = 0 AND OLD.pending > 0 AND (EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id)
        OR EXISTS (SELECT 1 FROM licenses x WHERE x.asset = NEW.id AND x.assignment IS NOT NULL))
) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.id, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;

-- A12: nothing is drawn while the counts are in doubt. What waits for some other reason goes on waiting for that.
CREATE TRIGGER doubts_over AFTER DELETE ON doubts BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before)
    SELECT DISTINCT a.id, 1, 0 FROM assets a JOIN assignments s ON s.asset = a.id
    WHERE a.adam_id = OLD.adam_id AND a.pricing_param = OLD.pricing_param AND a.stage = 1
        AND a.location <> OLD.location AND (a.waiting > 0 OR s.shortage = 1)
        AND s.settings ->> 'draw_from' = OLD.location
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1;
END;

-- R3: seen since it was taken, or under management again: assignments may give again what was taken for that.
DROP TRIGGER devices_back;
CREATE TRIGGER devices_back AFTER UPDATE OF seen_at, left_at ON devices
WHEN NEW.left_at IS NULL AND (NEW.seen_at IS NOT OLD.seen_at OR OLD.left_at IS NOT NULL) BEGIN
    DELETE FROM reclaimed WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1)
        AND (OLD.left_at IS NOT NULL OR at <= NEW.seen_at);
    DELETE FROM reclaims WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1)
        AND (OLD.left_at IS NOT NULL OR queued_at <= NEW.seen_at);
END;

-- Whoever writes a device has what it and its person are assigned planned again.
DROP TRIGGER devices_became;

-- L1: whether a request was approved with a licence.
CREATE INDEX requests_by_operation ON requests (operation, asset) WHERE operation IS NOT NULL;
