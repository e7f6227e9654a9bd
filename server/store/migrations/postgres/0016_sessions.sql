-- Browsers that are a device's keep this number: once it rises they are no longer (P1).
ALTER TABLE devices ADD COLUMN sessions bigint NOT NULL DEFAULT 0;

CREATE FUNCTION devices_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sessions := OLD.sessions + 1;
    RETURN NEW;
END $$;

CREATE TRIGGER devices_sessions BEFORE UPDATE OF left_at, user_name_key ON devices FOR EACH ROW
    WHEN (NEW.left_at IS NOT NULL AND OLD.left_at IS NULL OR NEW.user_name_key <> OLD.user_name_key)
    EXECUTE FUNCTION devices_sessions();
