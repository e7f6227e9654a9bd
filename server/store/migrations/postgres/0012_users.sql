-- People as Apple knows them, so that they can hold user licences: one row for each location, person and kind of Apple
-- Account. It stays when the person is retired, for books stay with the user, and the id is good for coming back.
CREATE TABLE vpp_users (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location text NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    -- without a foreign key: whoever is gone is still to be retired at Apple
    person text NOT NULL,
    -- 0 whichever Apple Account accepts the invitation, 1 the Managed Apple Account
    account smallint NOT NULL,
    -- what Apple calls the person: ours, and without a meaning
    client_user_id text NOT NULL UNIQUE,
    -- as Apple is told
    email text NOT NULL,
    managed text NOT NULL,
    -- 0 wanted, 1 registered, 2 associated, 3 retired
    status smallint NOT NULL DEFAULT 0,
    invite_code text,
    -- what is to be done at Apple: 0 create, 1 update, 2 retire
    wish smallint,
    not_before bigint NOT NULL DEFAULT 0,
    -- in `user_batches`
    batch bigint,
    -- Apple refused once, and it was tried in another way
    healed boolean NOT NULL DEFAULT false,
    error_number bigint,
    error_message text,
    -- the person has left (D4): licences go, then the user
    leaving boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    registered_at bigint,
    associated_at bigint,
    retired_at bigint,
    changed_at bigint NOT NULL,
    -- the last invitation by e-mail
    mailed_at bigint,
    UNIQUE (location, person, account)
);
CREATE INDEX vpp_users_by_person ON vpp_users (person);
CREATE INDEX vpp_users_wished ON vpp_users (location, wish, not_before) WHERE wish IS NOT NULL AND batch IS NULL;
CREATE INDEX vpp_users_by_batch ON vpp_users (batch) WHERE batch IS NOT NULL;
CREATE INDEX vpp_users_uninvited ON vpp_users (location, number) WHERE status = 1 AND mailed_at IS NULL AND email <> '';
CREATE INDEX vpp_users_leaving ON vpp_users (location, not_before) WHERE leaving AND status < 3;

-- Calls about users, written before they are sent; gone when they have ended.
CREATE TABLE user_batches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location text NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    -- as `vpp_users.wish`
    kind smallint NOT NULL,
    -- 0 prepared, 1 sending, 2 sent
    state smallint NOT NULL DEFAULT 0,
    event text,
    since bigint NOT NULL,
    not_before bigint NOT NULL,
    attempts bigint NOT NULL DEFAULT 0
);
CREATE INDEX user_batches_due ON user_batches (location, not_before);

-- Apple's version of the list of users, as it was read last.
ALTER TABLE locations ADD COLUMN users_version text;

-- What Apple told of users is taken up from now on.
UPDATE notifications SET state = 0 WHERE state = 2;

-- Whoever can hold licences now, or cannot after all: what waits for it is planned again.
CREATE FUNCTION plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO plan_queue AS q (asset, stamp, not_before)
    SELECT x.asset, 1, NEW.changed_at FROM licenses x
    WHERE x.holder = NEW.client_user_id AND x.kind = 1 AND x.state IN (0, 5) ORDER BY x.asset
    ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1, not_before = least(q.not_before, excluded.not_before);
    RETURN NULL;
END
$$;
CREATE TRIGGER vpp_users_changed AFTER UPDATE OF status, error_number ON vpp_users FOR EACH ROW
    WHEN ((NEW.status, NEW.error_number) IS DISTINCT FROM (OLD.status, OLD.error_number))
    EXECUTE FUNCTION plan_user();

-- D4: whoever is inactive or deleted has left, and may come back.
CREATE FUNCTION person_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vpp_users SET leaving = true, not_before = 0 WHERE person = OLD.id AND status < 3;
    RETURN NULL;
END
$$;
CREATE FUNCTION person_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vpp_users SET leaving = false, wish = CASE WHEN wish = 2 AND batch IS NULL THEN NULL ELSE wish END
    WHERE person = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER people_left AFTER UPDATE OF active ON people FOR EACH ROW WHEN (NOT NEW.active AND OLD.active)
    EXECUTE FUNCTION person_left();
CREATE TRIGGER people_back AFTER UPDATE OF active ON people FOR EACH ROW WHEN (NEW.active AND NOT OLD.active)
    EXECUTE FUNCTION person_back();
CREATE TRIGGER people_gone AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION person_left();
-- Apple is told of another address, and of a Managed Apple Account for whoever has not joined with another one.
CREATE FUNCTION person_addressed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vpp_users u SET email = NEW.email, managed = NEW.managed_apple_account, account = 1,
        wish = coalesce(u.wish, 1), healed = false, error_number = NULL, error_message = NULL
    WHERE u.person = NEW.id AND u.account = 0 AND u.status < 2 AND NOT u.leaving AND NEW.managed_apple_account <> ''
        AND NOT EXISTS (SELECT FROM vpp_users o
            WHERE o.person = NEW.id AND o.location = u.location AND o.account = 1);
    UPDATE vpp_users u SET email = NEW.email, wish = coalesce(u.wish, 1),
        managed = CASE u.account WHEN 1 THEN NEW.managed_apple_account ELSE u.managed END
    WHERE u.person = NEW.id AND u.status < 3 AND NOT u.leaving
        AND (u.email <> NEW.email OR u.account = 1 AND u.managed <> NEW.managed_apple_account);
    RETURN NULL;
END
$$;
CREATE TRIGGER people_addressed AFTER UPDATE OF email, managed_apple_account ON people FOR EACH ROW
    WHEN ((NEW.email, NEW.managed_apple_account) IS DISTINCT FROM (OLD.email, OLD.managed_apple_account))
    EXECUTE FUNCTION person_addressed();

-- What is to be mailed, in the order of its writing.
CREATE TABLE mails (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- in the Message-ID of each try
    id text NOT NULL UNIQUE,
    -- what it is about; the same is not queued twice
    about text NOT NULL UNIQUE,
    recipient text NOT NULL,
    subject text NOT NULL,
    -- emptied when it is done with
    body text NOT NULL,
    -- 0 queued, 1 sent, 2 given up
    state smallint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    not_before bigint NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    taken_by text,
    taken_until bigint NOT NULL DEFAULT 0,
    -- the mail server's words
    error text,
    ended_at bigint
);
CREATE INDEX mails_queued ON mails (not_before, number) WHERE state = 0;
CREATE INDEX mails_ended ON mails (ended_at) WHERE state > 0;
