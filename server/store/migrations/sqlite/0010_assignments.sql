-- A1: what a group is to have of an asset. Without foreign keys: a group that is gone has no members, and what its
-- assignment gave is taken back by the next plan.
CREATE TABLE assignments (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    asset INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    -- none: excluded
    intent INTEGER,
    kind INTEGER NOT NULL,
    -- contract::assignments::AssignmentSettings as JSON
    settings TEXT NOT NULL,
    priority INTEGER NOT NULL,
    shortage INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- the account's name
    created_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (asset, group_id)
) STRICT;
CREATE INDEX assignments_by_group ON assignments (group_id, asset);

-- L1: by which assignment it was given, or is waited for; none: by hand, or by others.
ALTER TABLE licenses ADD COLUMN assignment INTEGER;
CREATE INDEX licenses_assigned ON licenses (asset, assignment, state) WHERE assignment IS NOT NULL;

-- A4: who asked for an available app: the id of a device (kind 0) or of a person (kind 1).
CREATE TABLE asked (
    asset INTEGER NOT NULL,
    member TEXT NOT NULL,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (asset, member, kind)
) STRICT, WITHOUT ROWID;

-- What devices are to do once an MDM can tell them: 0 install, 1 uninstall.
CREATE TABLE errands (
    asset INTEGER NOT NULL,
    device TEXT NOT NULL,
    errand INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (asset, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX errands_by_device ON errands (device, asset);

-- Assets to be planned again. The stamp counts on with each cause, so that one that comes while a plan is worked out is
-- not taken for settled by it.
CREATE TABLE plan_queue (
    asset INTEGER NOT NULL PRIMARY KEY,
    stamp INTEGER NOT NULL,
    not_before INTEGER NOT NULL
) STRICT;

CREATE TRIGGER assignments_added AFTER INSERT ON assignments BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
CREATE TRIGGER assignments_changed AFTER UPDATE ON assignments BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
CREATE TRIGGER assignments_removed AFTER DELETE ON assignments BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (OLD.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
CREATE TRIGGER asked_added AFTER INSERT ON asked BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
CREATE TRIGGER asked_removed AFTER DELETE ON asked BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (OLD.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
-- Somebody decided what is right (S5).
CREATE TRIGGER lost_licenses_settled AFTER DELETE ON lost_licenses
WHEN EXISTS (SELECT 1 FROM assignments s WHERE s.asset = OLD.asset) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (OLD.asset, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
-- A8: licences were bought or freed while somebody waits, whoever noticed it; or Apple is through with all that was sent.
CREATE TRIGGER assets_freed AFTER UPDATE OF available, pending ON assets
WHEN NEW.stage = 1 AND (
    NEW.available - NEW.pending > OLD.available - OLD.pending AND NEW.waiting > 0
    OR NEW.pending = 0 AND OLD.pending > 0 AND EXISTS (SELECT 1 FROM assignments s WHERE s.asset = NEW.id)
) BEGIN
    INSERT INTO plan_queue (asset, stamp, not_before) VALUES (NEW.id, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0;
END;
-- T8, C4: what is no longer known here is assigned to nobody.
CREATE TRIGGER assets_gone AFTER UPDATE OF stage ON assets WHEN NEW.stage = 2 BEGIN
    DELETE FROM assignments WHERE asset = NEW.id;
    DELETE FROM asked WHERE asset = NEW.id;
    DELETE FROM errands WHERE asset = NEW.id;
    DELETE FROM plan_queue WHERE asset = NEW.id;
END;

-- A plan is of devices chosen by hand, or of a change of a group's assignment.
UPDATE plans SET request = json_object('devices', json(request));
