-- L2: why, where no operation says so.
ALTER TABLE ledger ADD COLUMN reason text;

-- A8: what becomes free is given to those who failed for want of it, too.
DROP TRIGGER assets_freed ON assets;
CREATE OR REPLACE FUNCTION plan_freed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.waiting > 0 OR EXISTS (SELECT FROM assignments s WHERE s.asset = NEW.id
            AND (s.shortage = 1 OR NEW.pending = 0 AND OLD.pending > 0)) THEN
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
CREATE OR REPLACE FUNCTION plan_drawing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO plan_queue AS q (asset, stamp, not_before)
    SELECT DISTINCT a.id, 1, 0 FROM assets a JOIN assignments s ON s.asset = a.id
    WHERE a.adam_id = NEW.adam_id AND a.stage = 1 AND a.id <> NEW.id AND (a.waiting > 0 OR s.shortage = 1)
        AND s.settings::json ->> 'draw_from' = NEW.location
    ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1, not_before = 0;
    RETURN NULL;
END
$$;
