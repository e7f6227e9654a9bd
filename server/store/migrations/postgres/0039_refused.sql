-- S3: what Apple refused to take back is tried again after the next full sync, not at once.
CREATE INDEX licenses_not_taken_back ON licenses (asset) WHERE state = 2 AND error_number IS NOT NULL;

-- A4, A8: what an app allows is another than before: who could not have it may now, what was to go may go.
DROP TRIGGER assets_run_elsewhere ON assets;
DROP FUNCTION plan_elsewhere();
CREATE FUNCTION plan_became() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.waiting > 0 OR EXISTS (SELECT FROM assignments s WHERE s.asset = NEW.id)
        OR EXISTS (SELECT FROM licenses x WHERE x.asset = NEW.id AND x.assignment IS NOT NULL) THEN
        PERFORM plan_soon(NEW.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_became AFTER UPDATE OF platforms, product, device_assignable, revocable, unlimited ON assets
    FOR EACH ROW
    WHEN (NEW.stage = 1
        AND (NEW.platforms, NEW.product, NEW.device_assignable, NEW.revocable, NEW.unlimited)
            <> (OLD.platforms, OLD.product, OLD.device_assignable, OLD.revocable, OLD.unlimited))
    EXECUTE FUNCTION plan_became();
