-- What Apple was told of somebody last, as `user_batches.kind`; NULL: nothing, or nothing came of it.
ALTER TABLE vpp_users ADD COLUMN told INTEGER;
UPDATE vpp_users SET told = CASE WHEN status = 3 THEN 2 WHEN status > 0 AND error_number IS NOT NULL AND healed = 0 THEN 1 ELSE 0 END
WHERE status IN (1, 2) OR error_number IS NOT NULL OR status = 3 AND registered_at IS NOT NULL;

-- How far Apple is told: 0 it is to be, or is being told, 2 done, be it in another way than asked, 3 failed; NULL: there is
-- nothing to tell.
ALTER TABLE vpp_users ADD COLUMN progress INTEGER GENERATED ALWAYS AS (
    CASE WHEN wish IS NOT NULL OR batch IS NOT NULL THEN 0 WHEN told IS NULL THEN NULL
        WHEN error_number IS NULL OR healed AND status IN (1, 2) THEN 2 ELSE 3 END) VIRTUAL;
CREATE INDEX vpp_users_by_progress ON vpp_users (progress, changed_at, number, location);

-- What is to be told changed when the person did.
DROP TRIGGER people_addressed;
CREATE TRIGGER people_addressed AFTER UPDATE OF email, managed_apple_account ON people
WHEN (NEW.email, NEW.managed_apple_account) <> (OLD.email, OLD.managed_apple_account) BEGIN
    UPDATE vpp_users SET email = NEW.email, managed = NEW.managed_apple_account, account = 1,
        wish = ifnull(wish, CASE status WHEN 0 THEN 0 ELSE 1 END), healed = 0, error_number = NULL, error_message = NULL,
        changed_at = NEW.changed_at
    WHERE person = NEW.id AND account = 0 AND status < 2 AND leaving = 0 AND NEW.managed_apple_account <> ''
        AND NOT EXISTS (SELECT 1 FROM vpp_users o
            WHERE o.person = NEW.id AND o.location = vpp_users.location AND o.account = 1);
    UPDATE vpp_users SET email = NEW.email, wish = ifnull(wish, CASE status WHEN 0 THEN 0 ELSE 1 END),
        managed = CASE account WHEN 1 THEN NEW.managed_apple_account ELSE managed END,
        healed = 0, error_number = NULL, error_message = NULL, changed_at = NEW.changed_at
    WHERE person = NEW.id AND status < 3 AND leaving = 0
        AND (email <> NEW.email OR account = 1 AND managed <> NEW.managed_apple_account);
END;
