-- What Apple was told in the call that is out: what changes meanwhile is told afterwards.
ALTER TABLE vpp_users ADD COLUMN sent_email TEXT;
ALTER TABLE vpp_users ADD COLUMN sent_managed TEXT;
UPDATE vpp_users SET sent_email = email, sent_managed = managed WHERE batch IS NOT NULL;

-- Another address or account is a new beginning: what was refused before says nothing of it.
DROP TRIGGER people_addressed;
CREATE TRIGGER people_addressed AFTER UPDATE OF email, managed_apple_account ON people
WHEN (NEW.email, NEW.managed_apple_account) <> (OLD.email, OLD.managed_apple_account) BEGIN
    UPDATE vpp_users SET email = NEW.email, managed = NEW.managed_apple_account, account = 1,
        wish = ifnull(wish, CASE status WHEN 0 THEN 0 ELSE 1 END), healed = 0, error_number = NULL, error_message = NULL
    WHERE person = NEW.id AND account = 0 AND status < 2 AND leaving = 0 AND NEW.managed_apple_account <> ''
        AND NOT EXISTS (SELECT 1 FROM vpp_users o
            WHERE o.person = NEW.id AND o.location = vpp_users.location AND o.account = 1);
    UPDATE vpp_users SET email = NEW.email, wish = ifnull(wish, CASE status WHEN 0 THEN 0 ELSE 1 END),
        managed = CASE account WHEN 1 THEN NEW.managed_apple_account ELSE managed END,
        healed = 0, error_number = NULL, error_message = NULL
    WHERE person = NEW.id AND status < 3 AND leaving = 0
        AND (email <> NEW.email OR account = 1 AND managed <> NEW.managed_apple_account);
END;

-- Whoever accepts the invitation, or is known no more, can have other things than before: all that the person's groups
-- and those of the person's devices are assigned.
CREATE TRIGGER vpp_users_became AFTER UPDATE OF status ON vpp_users
WHEN NEW.status <> OLD.status AND NEW.status > 0 BEGIN
    INSERT INTO group_changes (group_id, at)
    SELECT m.group_id, NEW.changed_at FROM group_members m WHERE m.member = NEW.person
    UNION SELECT m.group_id, NEW.changed_at FROM people p
    CROSS JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> ''
    CROSS JOIN group_members m ON m.member = d.id WHERE p.id = NEW.person
    ON CONFLICT DO NOTHING;
END;

-- Whoever was back before the retirement had ended can join again now.
CREATE TRIGGER vpp_users_retired AFTER UPDATE OF wish ON vpp_users WHEN OLD.wish = 2 AND NEW.wish IS NOT 2 BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before)
    SELECT x.asset, 1, 0 FROM licenses x WHERE x.holder = NEW.client_user_id AND x.kind = 1 AND x.state IN (0, 5)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;

-- A8: Apple had none left for what was chosen by hand: it is to wait.
CREATE TRIGGER licenses_short AFTER UPDATE OF state ON licenses
WHEN NEW.state = 5 AND NEW.error_number = 9709 AND NEW.assignment IS NULL BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.asset, 1, 0) ON CONFLICT DO NOTHING;
END;

-- A4: asked for once more.
CREATE TRIGGER asked_anew AFTER UPDATE ON asked BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
    DELETE FROM reclaimed WHERE NEW.kind = 0 AND asset = NEW.asset AND kind = 0
        AND holder IN (SELECT serial FROM devices WHERE id = NEW.member);
END;
