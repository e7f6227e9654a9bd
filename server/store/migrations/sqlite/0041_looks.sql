-- Whoever comes back: what was looked in vain while somebody left does not count for what is asked of Apple then, and Apple is
-- told of the address that is another by now.
DROP TRIGGER people_back;
CREATE TRIGGER people_back AFTER UPDATE OF active ON people WHEN NEW.active <> 0 AND OLD.active = 0 BEGIN
    UPDATE vpp_users SET leaving = 0, looks = iif(leaving, 0, looks),
        wish = CASE WHEN wish = 2 AND batch IS NULL THEN NULL ELSE wish END
    WHERE person = NEW.id;
    UPDATE vpp_users SET email = NEW.email, wish = ifnull(wish, 1),
        managed = CASE account WHEN 1 THEN NEW.managed_apple_account ELSE managed END
    WHERE person = NEW.id AND status < 3
        AND (email <> NEW.email OR account = 1 AND managed <> NEW.managed_apple_account);
END;
