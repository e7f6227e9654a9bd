-- S3: what Apple refused to take back is tried again after the next full sync, not at once.
CREATE INDEX licenses_not_taken_back ON licenses (asset) WHERE state = 2 AND error_number IS NOT NULL;

-- A4, A8: what an app allows is another than before: who could not have it may now, what was to go may go.
DROP TRIGGER assets_run_elsewhere;
CREATE TRIGGER assets_became AFTER UPDATE OF platforms, product, device_assignable, revocable, unlimited ON assets
WHEN NEW.stage = 1
    AND (NEW.platforms, NEW.product, NEW.device_assignable, NEW.revocable, NEW.unlimited)
        <> (OLD.platforms, OLD.product, OLD.device_assignable, OLD.revocable, OLD.unlimited)
    AND (NEW.waiting > 0 OR EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id)
        OR EXISTS (SELECT 1 FROM licenses x WHERE x.asset = NEW.id AND x.assignment IS NOT NULL)) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.id, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
