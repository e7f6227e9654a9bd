-- P1: what ends a device's sessions ends the link that was made for it before, too.
CREATE FUNCTION devices_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE enrolment_links SET expires_at = 0 WHERE device = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER devices_links AFTER UPDATE ON devices FOR EACH ROW
    WHEN (NEW.sessions <> OLD.sessions) EXECUTE FUNCTION devices_links();
