-- L2: why, where no operation says so.
ALTER TABLE ledger ADD COLUMN reason TEXT;

-- A8: what becomes free is given to those who failed for want of it, too.
DROP TRIGGER assets_freed;
CREATE TRIGGER assets_freed AFTER UPDATE OF available, pending ON assets
WHEN NEW.stage = 1 AND (
    NEW.available - NEW.pending > OLD.available - OLD.pending AND (NEW.waiting > 0
        OR EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id AND s.shortage = 1))
    OR NEW.pending = 0 AND OLD.pending > 0 AND EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id)
) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.id, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
DROP TRIGGER assets_drawn;
CREATE TRIGGER assets_drawn AFTER UPDATE OF available, pending, waiting ON assets
WHEN NEW.stage = 1 AND (NEW.available - NEW.pending > OLD.available - OLD.pending OR NEW.waiting < OLD.waiting) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before)
    SELECT DISTINCT a.id, 1, 0 FROM assets a JOIN assignments s ON s.asset = a.id
    WHERE a.adam_id = NEW.adam_id AND a.stage = 1 AND a.id <> NEW.id AND (a.waiting > 0 OR s.shortage = 1)
        AND s.settings ->> 'draw_from' = NEW.location
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
