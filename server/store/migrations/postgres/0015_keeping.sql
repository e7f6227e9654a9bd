-- What Apple was told in the call that is out: what changes meanwhile is told afterwards.
ALTER TABLE vpp_users ADD COLUMN sent_email text;
ALTER TABLE vpp_users ADD COLUMN sent_managed text;
UPDATE vpp_users SET sent_email = email, sent_managed = managed WHERE batch IS NOT NULL;

-- Another address or account is a new beginning: what was refused before says nothing of it.
CREATE OR REPLACE FUNCTION person_addressed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vpp_users u SET email = NEW.email, managed = NEW.managed_apple_account, account = 1,
        wish = coalesce(u.wish, CASE u.status WHEN 0 THEN 0 ELSE 1 END), healed = false, error_number = NULL,
        error_message = NULL
    WHERE u.person = NEW.id AND u.account = 0 AND u.status < 2 AND NOT u.leaving AND NEW.managed_apple_account <> ''
        AND NOT EXISTS (SELECT FROM vpp_users o
            WHERE o.person = NEW.id AND o.location = u.location AND o.account = 1);
    UPDATE vpp_users u SET email = NEW.email, wish = coalesce(u.wish, CASE u.status WHEN 0 THEN 0 ELSE 1 END),
        managed = CASE u.account WHEN 1 THEN NEW.managed_apple_account ELSE u.managed END,
        healed = false, error_number = NULL, error_message = NULL
    WHERE u.person = NEW.id AND u.status < 3 AND NOT u.leaving
        AND (u.email <> NEW.email OR u.account = 1 AND u.managed <> NEW.managed_apple_account);
    RETURN NULL;
END
$$;

-- Whoever accepts the invitation, or is known no more, can have other things than before: all that the person's groups
-- and those of the person's devices are assigned.
CREATE FUNCTION plan_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_changes (group_id, at)
    SELECT m.group_id, max(c.changed_at) FROM (
        SELECT n.person AS member, n.changed_at FROM fresh n JOIN former f ON f.number = n.number
        WHERE n.status <> f.status AND n.status > 0
        UNION SELECT d.id, n.changed_at FROM fresh n JOIN former f ON f.number = n.number
        JOIN people p ON p.id = n.person JOIN devices d ON d.user_name_key = p.user_name_key
        WHERE n.status <> f.status AND n.status > 0 AND d.user_name_key <> '') c
    JOIN group_members m ON m.member = c.member
    GROUP BY m.group_id ORDER BY m.group_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER vpp_users_became AFTER UPDATE ON vpp_users REFERENCING OLD TABLE AS former NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION plan_people();

-- Whoever was back before the retirement had ended can join again now.
CREATE TRIGGER vpp_users_retired AFTER UPDATE OF wish ON vpp_users FOR EACH ROW
    WHEN (OLD.wish = 2 AND NEW.wish IS DISTINCT FROM 2) EXECUTE FUNCTION plan_user();

-- A8: Apple had none left for what was chosen by hand: it is to wait.
CREATE FUNCTION plan_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.asset, 1, 0) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER licenses_short AFTER UPDATE OF state ON licenses FOR EACH ROW
    WHEN (NEW.state = 5 AND NEW.error_number = 9709 AND NEW.assignment IS NULL) EXECUTE FUNCTION plan_short();

-- A4: asked for once more.
DROP TRIGGER asked_added ON asked;
CREATE TRIGGER asked_added AFTER INSERT OR UPDATE ON asked FOR EACH ROW EXECUTE FUNCTION plan_new();
DROP TRIGGER asked_again ON asked;
CREATE TRIGGER asked_again AFTER INSERT OR UPDATE ON asked FOR EACH ROW WHEN (NEW.kind = 0)
    EXECUTE FUNCTION give_what_is_asked();
