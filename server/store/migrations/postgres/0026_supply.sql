-- A8, R2: what becomes free is given to those who wait or failed for want of it. Where Apple is through with all that was
-- sent, assignments are looked at again, and so is what one gave that is there no longer.
DROP TRIGGER assets_freed ON assets;
CREATE OR REPLACE FUNCTION plan_freed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.available - NEW.pending > OLD.available - OLD.pending AND (NEW.waiting > 0
            OR EXISTS (SELECT FROM assignments s WHERE s.asset = NEW.id AND s.shortage = 1))
        OR NEW.pending = 0 AND OLD.pending > 0 AND (EXISTS (SELECT FROM assignments s WHERE s.asset = NEW.id)
            OR EXISTS (SELECT FROM licenses x WHERE x.asset = NEW.id AND x.assignment IS NOT NULL)) THEN
        PERFORM plan_soon(NEW.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_freed AFTER UPDATE OF available, pending ON assets FOR EACH ROW
    WHEN (NEW.stage = 1 AND (
        NEW.available - NEW.pending > OLD.available - OLD.pending
        OR NEW.pending = 0 AND OLD.pending > 0))
    EXECUTE FUNCTION plan_freed();

-- A12: nothing is drawn while the counts are in doubt. What waits for some other reason goes on waiting for that.
CREATE FUNCTION plan_undoubted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO plan_queue AS q (asset, stamp, not_before)
    SELECT DISTINCT a.id, 1, 0 FROM assets a JOIN assignments s ON s.asset = a.id
    WHERE a.adam_id = OLD.adam_id AND a.pricing_param = OLD.pricing_param AND a.stage = 1
        AND a.location <> OLD.location AND (a.waiting > 0 OR s.shortage = 1)
        AND s.settings::json ->> 'draw_from' = OLD.location
    ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER doubts_over AFTER DELETE ON doubts FOR EACH ROW EXECUTE FUNCTION plan_undoubted();

-- R3: seen since it was taken, or under management again: assignments may give again what was taken for that.
CREATE OR REPLACE FUNCTION welcome_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reclaimed WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1)
        AND (OLD.left_at IS NOT NULL OR at <= NEW.seen_at);
    DELETE FROM reclaims WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1)
        AND (OLD.left_at IS NOT NULL OR queued_at <= NEW.seen_at);
    RETURN NULL;
END
$$;

-- Whoever writes a device has what it and its person are assigned planned again.
DROP TRIGGER devices_became ON devices;
DROP FUNCTION plan_devices();

-- L1: whether a request was approved with a licence.
CREATE INDEX requests_by_operation ON requests (operation, asset) WHERE operation IS NOT NULL;
