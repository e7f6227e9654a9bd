-- Browsers that are a device's keep this number: once it rises they are no longer (P1).
ALTER TABLE devices ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER devices_sessions AFTER UPDATE OF left_at, user_name_key ON devices
WHEN NEW.left_at IS NOT NULL AND OLD.left_at IS NULL OR NEW.user_name_key <> OLD.user_name_key BEGIN
    UPDATE devices SET sessions = sessions + 1 WHERE id = NEW.id;
END;
