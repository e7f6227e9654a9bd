-- Whoever comes back: what was looked in vain while somebody left does not count for what is asked of Apple then, and Apple is
-- told of the address that is another by now.
CREATE OR REPLACE FUNCTION person_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vpp_users SET leaving = false, looks = CASE WHEN leaving THEN 0 ELSE looks END,
        wish = CASE WHEN wish = 2 AND batch IS NULL THEN NULL ELSE wish END
    WHERE person = NEW.id;
    UPDATE vpp_users u SET email = NEW.email, wish = coalesce(u.wish, 1),
        managed = CASE u.account WHEN 1 THEN NEW.managed_apple_account ELSE u.managed END
    WHERE u.person = NEW.id AND u.status < 3
        AND (u.email <> NEW.email OR u.account = 1 AND u.managed <> NEW.managed_apple_account);
    RETURN NULL;
END
$$;
