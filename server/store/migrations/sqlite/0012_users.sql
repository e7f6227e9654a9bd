-- People as Apple knows them, so that they can hold user licences: one row for each location, person and kind of Apple
-- Account. It stays when the person is retired, for books stay with the user, and the id is good for coming back.
CREATE TABLE vpp_users (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    -- without a foreign key: whoever is gone is still to be retired at Apple
    person TEXT NOT NULL,
    -- 0 whichever Apple Account accepts the invitation, 1 the Managed Apple Account
    account INTEGER NOT NULL,
    -- what Apple calls the person: ours, and without a meaning
    client_user_id TEXT NOT NULL UNIQUE,
    -- as Apple is told
    email TEXT NOT NULL,
    managed TEXT NOT NULL,
    -- 0 wanted, 1 registered, 2 associated, 3 retired
    status INTEGER NOT NULL DEFAULT 0,
    invite_code TEXT,
    -- what is to be done at Apple: 0 create, 1 update, 2 retire
    wish INTEGER,
    not_before INTEGER NOT NULL DEFAULT 0,
    -- in `user_batches`
    batch INTEGER,
    -- Apple refused once, and it was tried in another way
    healed INTEGER NOT NULL DEFAULT 0,
    error_number INTEGER,
    error_message TEXT,
    -- the person has left (D4): licences go, then the user
    leaving INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    registered_at INTEGER,
    associated_at INTEGER,
    retired_at INTEGER,
    changed_at INTEGER NOT NULL,
    -- the last invitation by e-mail
    mailed_at INTEGER,
    UNIQUE (location, person, account)
) STRICT;
CREATE INDEX vpp_users_by_person ON vpp_users (person);
CREATE INDEX vpp_users_wished ON vpp_users (location, wish, not_before) WHERE wish IS NOT NULL AND batch IS NULL;
CREATE INDEX vpp_users_by_batch ON vpp_users (batch) WHERE batch IS NOT NULL;
CREATE INDEX vpp_users_uninvited ON vpp_users (location, number) WHERE status = 1 AND mailed_at IS NULL AND email <> '';
CREATE INDEX vpp_users_leaving ON vpp_users (location, not_before) WHERE leaving = 1 AND status < 3;

-- Calls about users, written before they are sent; gone when they have ended.
CREATE TABLE user_batches (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    -- as `vpp_users.wish`
    kind INTEGER NOT NULL,
    -- 0 prepared, 1 sending, 2 sent
    state INTEGER NOT NULL DEFAULT 0,
    event TEXT,
    since INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX user_batches_due ON user_batches (location, not_before);

-- Apple's version of the list of users, as it was read last.
ALTER TABLE locations ADD COLUMN users_version TEXT;

-- What Apple told of users is taken up from now on.
UPDATE notifications SET state = 0 WHERE state = 2;

-- Whoever can hold licences now, or cannot after all: what waits for it is planned again.
CREATE TRIGGER vpp_users_changed AFTER UPDATE OF status, error_number ON vpp_users
WHEN (NEW.status, NEW.error_number) IS NOT (OLD.status, OLD.error_number) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before)
    SELECT x.asset, 1, NEW.changed_at FROM licenses x
    WHERE x.holder = NEW.client_user_id AND x.kind = 1 AND x.state IN (0, 5)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = min(not_before, excluded.not_before);
END;

-- D4: whoever is inactive or deleted has left, and may come back.
CREATE TRIGGER people_left AFTER UPDATE OF active ON people WHEN NEW.active = 0 AND OLD.active <> 0 BEGIN
    UPDATE vpp_users SET leaving = 1, not_before = 0 WHERE person = NEW.id AND status < 3;
END;
CREATE TRIGGER people_back AFTER UPDATE OF active ON people WHEN NEW.active <> 0 AND OLD.active = 0 BEGIN
    UPDATE vpp_users SET leaving = 0, wish = CASE WHEN wish = 2 AND batch IS NULL THEN NULL ELSE wish END
    WHERE person = NEW.id;
END;
CREATE TRIGGER people_gone AFTER DELETE ON people BEGIN
    UPDATE vpp_users SET leaving = 1, not_before = 0 WHERE person = OLD.id AND status < 3;
END;
-- Apple is told of another address, and of a Managed Apple Account for whoever has not joined with another one.
CREATE TRIGGER people_addressed AFTER UPDATE OF email, managed_apple_account ON people
WHEN (NEW.email, NEW.managed_apple_account) <> (OLD.email, OLD.managed_apple_account) BEGIN
    UPDATE vpp_users SET email = NEW.email, managed = NEW.managed_apple_account, account = 1, wish = ifnull(wish, 1),
        healed = 0, error_number = NULL, error_message = NULL
    WHERE person = NEW.id AND account = 0 AND status < 2 AND leaving = 0 AND NEW.managed_apple_account <> ''
        AND NOT EXISTS (SELECT 1 FROM vpp_users o
            WHERE o.person = NEW.id AND o.location = vpp_users.location AND o.account = 1);
    UPDATE vpp_users SET email = NEW.email, wish = ifnull(wish, 1),
        managed = CASE account WHEN 1 THEN NEW.managed_apple_account ELSE managed END
    WHERE person = NEW.id AND status < 3 AND leaving = 0
        AND (email <> NEW.email OR account = 1 AND managed <> NEW.managed_apple_account);
END;

-- What is to be mailed, in the order of its writing.
CREATE TABLE mails (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- in the Message-ID of each try
    id TEXT NOT NULL UNIQUE,
    -- what it is about; the same is not queued twice
    about TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- emptied when it is done with
    body TEXT NOT NULL,
    -- 0 queued, 1 sent, 2 given up
    state INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    taken_by TEXT,
    taken_until INTEGER NOT NULL DEFAULT 0,
    -- the mail server's words
    error TEXT,
    ended_at INTEGER
) STRICT;
CREATE INDEX mails_queued ON mails (not_before, number) WHERE state = 0;
CREATE INDEX mails_ended ON mails (ended_at) WHERE state > 0;
