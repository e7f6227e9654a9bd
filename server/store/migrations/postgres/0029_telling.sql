-- What Apple was told of somebody last, as `user_batches.kind`; NULL: nothing, or nothing came of it.
ALTER TABLE vpp_users ADD COLUMN told smallint;
UPDATE vpp_users SET told = CASE WHEN status = 3 THEN 2 WHEN status > 0 AND error_number IS NOT NULL AND NOT healed THEN 1 ELSE 0 END
WHERE status IN (1, 2) OR error_number IS NOT NULL OR status = 3 AND registered_at IS NOT NULL;

-- How far Apple is told: 0 it is to be, or is being told, 2 done, be it in another way than asked, 3 failed; NULL: there is
-- nothing to tell.
ALTER TABLE vpp_users ADD COLUMN progress smallint GENERATED ALWAYS AS (
    CASE WHEN wish IS NOT NULL OR batch IS NOT NULL THEN 0 WHEN told IS NULL THEN NULL
        WHEN error_number IS NULL OR healed AND status IN (1, 2) THEN 2 ELSE 3 END) STORED;
CREATE INDEX vpp_users_by_progress ON vpp_users (progress, changed_at, number, location);

-- What is to be told changed when the person did.
CREATE OR REPLACE FUNCTION person_addressed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vpp_users u SET email = NEW.email, managed = NEW.managed_apple_account, account = 1,
        wish = coalesce(u.wish, CASE u.status WHEN 0 THEN 0 ELSE 1 END), healed = false, error_number = NULL,
        error_message = NULL, changed_at = NEW.changed_at
    WHERE u.person = NEW.id AND u.account = 0 AND u.status < 2 AND NOT u.leaving AND NEW.managed_apple_account <> ''
        AND NOT EXISTS (SELECT FROM vpp_users o
            WHERE o.person = NEW.id AND o.location = u.location AND o.account = 1);
    UPDATE vpp_users u SET email = NEW.email, wish = coalesce(u.wish, CASE u.status WHEN 0 THEN 0 ELSE 1 END),
        managed = CASE u.account WHEN 1 THEN NEW.managed_apple_account ELSE u.managed END,
        healed = false, error_number = NULL, error_message = NULL, changed_at = NEW.changed_at
    WHERE u.person = NEW.id AND u.status < 3 AND NOT u.leaving
        AND (u.email <> NEW.email OR u.account = 1 AND u.managed <> NEW.managed_apple_account);
    RETURN NULL;
END
$$;
