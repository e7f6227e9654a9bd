-- P1: what ends a device's sessions ends the link that was made for it before, too.
CREATE TRIGGER devices_links AFTER UPDATE ON devices WHEN NEW.sessions <> OLD.sessions BEGIN
    UPDATE enrolment_links SET expires_at = 0 WHERE device = NEW.id;
END;
