-- R3: what frees licences that nobody uses. L3: licences that lead to nobody. R2: Macs whose app goes on for 30 days.

-- the last check-in; none: never
ALTER TABLE devices ADD COLUMN seen_at INTEGER;
-- wiped, or out of management
ALTER TABLE devices ADD COLUMN left_at INTEGER;
CREATE INDEX devices_by_seen ON devices (seen_at) WHERE seen_at IS NOT NULL;
CREATE INDEX devices_left ON devices (left_at) WHERE left_at IS NOT NULL;

-- Somebody wants the rules applied now.
ALTER TABLE locations ADD COLUMN reclaim_at INTEGER;
-- When they were applied last.
ALTER TABLE locations ADD COLUMN reclaimed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX locations_to_reclaim ON locations (reclaim_at) WHERE reclaim_at IS NOT NULL;

-- Apps that are no longer on devices which have their licence, as an MDM tells.
CREATE TABLE absent_apps (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (asset, holder)
) STRICT, WITHOUT ROWID;

-- What a rule would take back, until somebody or the rule itself decides.
CREATE TABLE reclaims (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    -- when it began, such as the last check-in
    fact_at INTEGER,
    queued_at INTEGER NOT NULL,
    PRIMARY KEY (asset, holder, kind)
) STRICT, WITHOUT ROWID;

-- What rules leave alone. Asset 0: all of the holder's.
CREATE TABLE reclaim_kept (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    kept_by TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (holder, kind, asset)
) STRICT, WITHOUT ROWID;

-- What rules took: assignments do not give it again while what led to it lasts.
CREATE TABLE reclaimed (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (asset, holder, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX reclaimed_by_holder ON reclaimed (holder, kind);

-- The daily report. Days since 1970.
CREATE TABLE reclaim_days (
    day INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    proposed INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, rule)
) STRICT, WITHOUT ROWID;

-- Found when the rules were applied last.
CREATE TABLE orphans (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    why INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    PRIMARY KEY (asset, holder, kind, why)
) STRICT, WITHOUT ROWID;

-- A licence of a Mac is gone; the app goes on until then, and Pomona cannot remove it.
CREATE TABLE graces (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    revoked_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (asset, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX graces_by_end ON graces (ends_at);
CREATE INDEX graces_by_holder ON graces (holder);

-- 2,592,000,000 milliseconds are 30 days.
CREATE TRIGGER graces_begin AFTER INSERT ON ledger WHEN NEW.act IN (1, 6) AND NEW.kind = 0 BEGIN
    INSERT INTO graces (asset, holder, revoked_at, ends_at)
    SELECT NEW.asset, NEW.holder, NEW.at, NEW.at + 2592000000
    FROM devices d JOIN assets a ON a.id = NEW.asset
    WHERE d.serial = NEW.holder AND d.platform = 'macos' AND a.product = 0
    ON CONFLICT (asset, holder) DO UPDATE SET revoked_at = excluded.revoked_at, ends_at = excluded.ends_at;
END;
-- It has a licence again, or no longer counts as a Mac's.
CREATE TRIGGER graces_over AFTER INSERT ON ledger WHEN NEW.act IN (0, 4) AND NEW.kind = 0
    AND EXISTS (SELECT 1 FROM graces g WHERE g.asset = NEW.asset AND g.holder = NEW.holder) BEGIN
    DELETE FROM graces WHERE asset = NEW.asset AND holder = NEW.holder;
END;

-- Seen again, or under management again: assignments may give again what was taken for that.
CREATE TRIGGER devices_back AFTER UPDATE OF seen_at, left_at ON devices
WHEN NEW.left_at IS NULL AND (NEW.seen_at IS NOT OLD.seen_at OR OLD.left_at IS NOT NULL) BEGIN
    DELETE FROM reclaimed WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1);
    DELETE FROM reclaims WHERE holder = NEW.serial AND kind = 0 AND rule IN (0, 1);
END;
-- Asked for again (A4).
CREATE TRIGGER asked_again AFTER INSERT ON asked WHEN NEW.kind = 0 BEGIN
    DELETE FROM reclaimed WHERE asset = NEW.asset AND kind = 0
        AND holder IN (SELECT serial FROM devices WHERE id = NEW.member);
END;
CREATE TRIGGER reclaimed_over AFTER DELETE ON reclaimed
WHEN EXISTS (SELECT 1 FROM assignments s WHERE s.asset = OLD.asset) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (OLD.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
CREATE TRIGGER assets_forgotten AFTER UPDATE OF stage ON assets WHEN NEW.stage = 2 BEGIN
    DELETE FROM absent_apps WHERE asset = NEW.id;
    DELETE FROM reclaims WHERE asset = NEW.id;
    DELETE FROM reclaimed WHERE asset = NEW.id;
    DELETE FROM reclaim_kept WHERE asset = NEW.id;
    DELETE FROM orphans WHERE asset = NEW.id;
END;

-- A12: what is free at one location is given to those who wait at another that draws from it.
CREATE TRIGGER assets_drawn AFTER UPDATE OF available, pending, waiting ON assets
WHEN NEW.stage = 1 AND (NEW.available - NEW.pending > OLD.available - OLD.pending OR NEW.waiting < OLD.waiting) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before)
    SELECT DISTINCT a.id, 1, 0 FROM assets a JOIN assignments s ON s.asset = a.id
    WHERE a.adam_id = NEW.adam_id AND a.stage = 1 AND a.id <> NEW.id AND a.waiting > 0
        AND s.settings ->> 'draw_from' = NEW.location
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
-- What a removed assignment drew goes back to where it came from.
CREATE TRIGGER assignments_drawn AFTER DELETE ON assignments WHEN OLD.settings ->> 'draw_from' IS NOT NULL BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before)
    SELECT b.id, 1, 0 FROM assets a JOIN assets b ON b.adam_id = a.adam_id
    WHERE a.id = OLD.asset AND b.stage = 1 AND b.id <> a.id
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;

-- A10: user licences that become licences of devices.
CREATE TABLE moves (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    asset INTEGER NOT NULL,
    -- running, stopped or done
    state TEXT NOT NULL,
    -- people at once
    pace INTEGER NOT NULL,
    account TEXT NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX moves_by_asset ON moves (asset, number);
CREATE INDEX moves_open ON moves (asset, number) WHERE state <> 'done';

CREATE TABLE move_people (
    move INTEGER NOT NULL REFERENCES moves (number) ON DELETE CASCADE,
    -- Apple's clientUserId
    holder TEXT NOT NULL,
    -- in this order
    place INTEGER NOT NULL,
    -- which gave the user licence
    assignment INTEGER,
    -- 0 to come, 1 devices get their licences, 2 the user's goes, 3 done, 4 stays
    state INTEGER NOT NULL,
    -- why it stays: contract::moves::Stay
    stay INTEGER,
    PRIMARY KEY (move, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX move_people_open ON move_people (move, state, place) WHERE state < 3;
