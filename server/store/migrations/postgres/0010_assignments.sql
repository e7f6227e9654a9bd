-- A1: what a group is to have of an asset. Without foreign keys: a group that is gone has no members, and what its
-- assignment gave is taken back by the next plan.
CREATE TABLE assignments (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    -- none: excluded
    intent smallint,
    kind smallint NOT NULL,
    -- contract::assignments::AssignmentSettings as JSON
    settings text NOT NULL,
    priority smallint NOT NULL,
    shortage smallint NOT NULL,
    reserved bigint NOT NULL,
    created_at bigint NOT NULL,
    -- the account's name
    created_by text NOT NULL,
    changed_at bigint NOT NULL,
    UNIQUE (asset, group_id)
);
CREATE INDEX assignments_by_group ON assignments (group_id, asset);

-- L1: by which assignment it was given, or is waited for; none: by hand, or by others.
ALTER TABLE licenses ADD COLUMN assignment bigint;
CREATE INDEX licenses_assigned ON licenses (asset, assignment, state) WHERE assignment IS NOT NULL;

-- A4: who asked for an available app: the id of a device (kind 0) or of a person (kind 1).
CREATE TABLE asked (
    asset bigint NOT NULL,
    member text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (asset, member, kind)
);

-- What devices are to do once an MDM can tell them: 0 install, 1 uninstall.
CREATE TABLE errands (
    asset bigint NOT NULL,
    device text COLLATE "C" NOT NULL,
    errand smallint NOT NULL,
    since bigint NOT NULL,
    PRIMARY KEY (asset, device)
);
CREATE INDEX errands_by_device ON errands (device, asset);

-- Assets to be planned again. The stamp counts on with each cause, so that one that comes while a plan is worked out is
-- not taken for settled by it.
CREATE TABLE plan_queue (
    asset bigint NOT NULL PRIMARY KEY,
    stamp bigint NOT NULL,
    not_before bigint NOT NULL
);

CREATE FUNCTION plan_soon(planned bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO plan_queue AS q (asset, stamp, not_before) VALUES (planned, 1, 0)
    ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1, not_before = 0
$$;
CREATE FUNCTION plan_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM plan_soon(NEW.asset);
    RETURN NULL;
END
$$;
CREATE FUNCTION plan_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM plan_soon(OLD.asset);
    RETURN NULL;
END
$$;
CREATE TRIGGER assignments_added AFTER INSERT OR UPDATE ON assignments FOR EACH ROW EXECUTE FUNCTION plan_new();
CREATE TRIGGER assignments_removed AFTER DELETE ON assignments FOR EACH ROW EXECUTE FUNCTION plan_old();
CREATE TRIGGER asked_added AFTER INSERT ON asked FOR EACH ROW EXECUTE FUNCTION plan_new();
CREATE TRIGGER asked_removed AFTER DELETE ON asked FOR EACH ROW EXECUTE FUNCTION plan_old();
-- Somebody decided what is right (S5).
CREATE FUNCTION plan_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM assignments s WHERE s.asset = OLD.asset) THEN
        PERFORM plan_soon(OLD.asset);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER lost_licenses_settled AFTER DELETE ON lost_licenses FOR EACH ROW EXECUTE FUNCTION plan_settled();
-- A8: licences were bought or freed while somebody waits, whoever noticed it; or Apple is through with all that was sent.
CREATE FUNCTION plan_freed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.waiting > 0 OR EXISTS (SELECT FROM assignments s WHERE s.asset = NEW.id) THEN
        PERFORM plan_soon(NEW.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_freed AFTER UPDATE OF available, pending ON assets FOR EACH ROW
    WHEN (NEW.stage = 1 AND (
        NEW.available - NEW.pending > OLD.available - OLD.pending AND NEW.waiting > 0
        OR NEW.pending = 0 AND OLD.pending > 0))
    EXECUTE FUNCTION plan_freed();
-- T8, C4: what is no longer known here is assigned to nobody.
CREATE FUNCTION assign_nobody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM assignments WHERE asset = NEW.id;
    DELETE FROM asked WHERE asset = NEW.id;
    DELETE FROM errands WHERE asset = NEW.id;
    DELETE FROM plan_queue WHERE asset = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_gone AFTER UPDATE OF stage ON assets FOR EACH ROW WHEN (NEW.stage = 2)
    EXECUTE FUNCTION assign_nobody();

-- A plan is of devices chosen by hand, or of a change of a group's assignment.
UPDATE plans SET request = '{"devices":' || request || '}';
