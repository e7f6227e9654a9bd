-- R3: what frees licences that nobody uses. L3: licences that lead to nobody. R2: Macs whose app goes on for 30 days.

-- the last check-in; none: never
ALTER TABLE devices ADD COLUMN seen_at bigint;
-- wiped, or out of management
ALTER TABLE devices ADD COLUMN left_at bigint;
CREATE INDEX devices_by_seen ON devices (seen_at) WHERE seen_at IS NOT NULL;
CREATE INDEX devices_left ON devices (left_at) WHERE left_at IS NOT NULL;

-- Somebody wants the rules applied now.
ALTER TABLE locations ADD COLUMN reclaim_at bigint;
-- When they were applied last.
ALTER TABLE locations ADD COLUMN reclaimed_at bigint NOT NULL DEFAULT 0;
CREATE INDEX locations_to_reclaim ON locations (reclaim_at) WHERE reclaim_at IS NOT NULL;

-- Apps that are no longer on devices which have their licence, as an MDM tells.
CREATE TABLE absent_apps (
    asset bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    PRIMARY KEY (asset, holder)
);

-- What a rule would take back, until somebody or the rule itself decides.
CREATE TABLE reclaims (
    asset bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    rule smallint NOT NULL,
    -- when it began, such as the last check-in
    fact_at bigint,
    queued_at bigint NOT NULL,
    PRIMARY KEY (asset, holder, kind)
);

-- What rules leave alone. Asset 0: all of the holder's.
CREATE TABLE reclaim_kept (
    asset bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    kept_by text NOT NULL,
    kept_at bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (holder, kind, asset)
);

-- What rules took: assignments do not give it again while what led to it lasts.
CREATE TABLE reclaimed (
    asset bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    rule smallint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (asset, holder, kind)
);
CREATE INDEX reclaimed_by_holder ON reclaimed (holder, kind);

-- The daily report. Days since 1970.
CREATE TABLE reclaim_days (
    day bigint NOT NULL,
    rule smallint NOT NULL,
    proposed bigint NOT NULL DEFAULT 0,
    taken bigint NOT NULL DEFAULT 0,
    kept bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, rule)
);

-- Found when the rules were applied last.
CREATE TABLE orphans (
    asset bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    why smallint NOT NULL,
    found_at bigint NOT NULL,
    PRIMARY KEY (asset, holder, kind, why)
);

-- A licence of a Mac is gone; the app goes on until then, and Pomona cannot remove it.
CREATE TABLE graces (
    asset bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    revoked_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    PRIMARY KEY (asset, holder)
);
CREATE INDEX graces_by_end ON graces (ends_at);
CREATE INDEX graces_by_holder ON graces (holder);

-- 2,592,000,000 milliseconds are 30 days.
CREATE FUNCTION note_graces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A licence that was given again ends it.
    IF EXISTS (SELECT FROM graces) THEN
        DELETE FROM graces g USING fresh n
        WHERE n.act IN (0, 4) AND n.kind = 0 AND g.asset = n.asset AND g.holder = n.holder;
    END IF;
    INSERT INTO graces AS g (asset, holder, revoked_at, ends_at)
    SELECT n.asset, n.holder, max(n.at), max(n.at) + 2592000000
    FROM fresh n JOIN devices d ON d.serial = n.holder JOIN assets a ON a.id = n.asset
    WHERE n.act IN (1, 6) AND n.kind = 0 AND d.platform = 'macos' AND a.product = 0
    GROUP BY n.asset, n.holder
    ON CONFLICT (asset, holder) DO UPDATE SET revoked_at = excluded.revoked_at, ends_at = excluded.ends_at;
    RETURN NULL;
END
$$;
CREATE TRIGGER graces_noted AFTER INSERT ON ledger REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION note_graces();

-- Seen again, or under management again: assignments may give again what was taken for that.
CREATE FUNCTION welcome_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reclaimed WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1);
    DELETE FROM reclaims WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1);
    RETURN NULL;
END
$$;
CREATE TRIGGER devices_back AFTER UPDATE OF seen_at, left_at ON devices FOR EACH ROW
    WHEN (NEW.left_at IS NULL AND (NEW.seen_at IS DISTINCT FROM OLD.seen_at OR OLD.left_at IS NOT NULL))
    EXECUTE FUNCTION welcome_back();
-- Asked for again (A4).
CREATE FUNCTION give_what_is_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reclaimed WHERE asset = NEW.asset AND kind = 0
        AND holder IN (SELECT serial FROM devices WHERE id = NEW.member);
    RETURN NULL;
END
$$;
CREATE TRIGGER asked_again AFTER INSERT ON asked FOR EACH ROW WHEN (NEW.kind = 0)
    EXECUTE FUNCTION give_what_is_asked();
CREATE TRIGGER reclaimed_over AFTER DELETE ON reclaimed FOR EACH ROW EXECUTE FUNCTION plan_settled();
CREATE FUNCTION forget_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM absent_apps WHERE asset = NEW.id;
    DELETE FROM reclaims WHERE asset = NEW.id;
    DELETE FROM reclaimed WHERE asset = NEW.id;
    DELETE FROM reclaim_kept WHERE asset = NEW.id;
    DELETE FROM orphans WHERE asset = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_forgotten AFTER UPDATE OF stage ON assets FOR EACH ROW WHEN (NEW.stage = 2)
    EXECUTE FUNCTION forget_asset();

-- A12: what is free at one location is given to those who wait at another that draws from it.
CREATE FUNCTION plan_drawing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO plan_queue AS q (asset, stamp, not_before)
    SELECT DISTINCT a.id, 1, 0 FROM assets a JOIN assignments s ON s.asset = a.id
    WHERE a.adam_id = NEW.adam_id AND a.stage = 1 AND a.id <> NEW.id AND a.waiting > 0
        AND s.settings::json ->> 'draw_from' = NEW.location
    ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1, not_before = 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_drawn AFTER UPDATE OF available, pending, waiting ON assets FOR EACH ROW
    WHEN (NEW.stage = 1 AND (NEW.available - NEW.pending > OLD.available - OLD.pending OR NEW.waiting < OLD.waiting))
    EXECUTE FUNCTION plan_drawing();
-- What a removed assignment drew goes back to where it came from.
CREATE FUNCTION plan_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO plan_queue AS q (asset, stamp, not_before)
    SELECT b.id, 1, 0 FROM assets a JOIN assets b ON b.adam_id = a.adam_id
    WHERE a.id = OLD.asset AND b.stage = 1 AND b.id <> a.id
    ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1, not_before = 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER assignments_drawn AFTER DELETE ON assignments FOR EACH ROW
    WHEN (OLD.settings::json ->> 'draw_from' IS NOT NULL) EXECUTE FUNCTION plan_drawn();

-- A10: user licences that become licences of devices.
CREATE TABLE moves (
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    asset bigint NOT NULL,
    -- running, stopped or done
    state text NOT NULL,
    -- people at once
    pace bigint NOT NULL,
    account text NOT NULL,
    "by" text NOT NULL,
    reason text NOT NULL,
    created_at bigint NOT NULL,
    ended_at bigint
);
CREATE INDEX moves_by_asset ON moves (asset, number);
CREATE INDEX moves_open ON moves (asset, number) WHERE state <> 'done';

CREATE TABLE move_people (
    move bigint NOT NULL REFERENCES moves (number) ON DELETE CASCADE,
    -- Apple's clientUserId
    holder text COLLATE "C" NOT NULL,
    -- in this order
    place bigint NOT NULL,
    -- which gave the user licence
    assignment bigint,
    -- 0 to come, 1 devices get their licences, 2 the user's goes, 3 done, 4 stays
    state smallint NOT NULL,
    -- why it stays: contract::moves::Stay
    stay smallint,
    PRIMARY KEY (move, holder)
);
CREATE INDEX move_people_open ON move_people (move, state, place) WHERE state < 3;
