-- D1: people; D2: groups of people or of devices.
CREATE TABLE people (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    user_name text NOT NULL,
    -- the user name folded by src/text.rs: what devices, CSV and SCIM call a person
    user_name_key text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    email text NOT NULL,
    managed_apple_account text NOT NULL,
    department text NOT NULL,
    active boolean NOT NULL,
    -- name, user name, e-mail and Managed Apple Account
    search text COLLATE "C" NOT NULL,
    -- manual, csv or scim
    source text NOT NULL,
    -- SCIM's externalId
    external_id text COLLATE "C",
    -- counts every change; SCIM's ETag
    version bigint NOT NULL DEFAULT 1,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE INDEX people_by_name ON people (sort_name, id);
CREATE INDEX people_by_search ON people (sort_name, id, search, active);
CREATE INDEX people_by_external_id ON people (external_id) WHERE external_id IS NOT NULL;

-- device, user or shared
ALTER TABLE devices ADD COLUMN enrolment text NOT NULL DEFAULT 'device';
ALTER TABLE devices ADD COLUMN kiosk boolean NOT NULL DEFAULT false;
ALTER TABLE devices ADD COLUMN store_blocked boolean NOT NULL DEFAULT false;
-- the primary user's key, folded like that of `people`
ALTER TABLE devices ADD COLUMN user_name_key text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX devices_by_user ON devices (user_name_key) WHERE user_name_key <> '';

CREATE TABLE groups (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text NOT NULL,
    sort_name text COLLATE "C" NOT NULL UNIQUE,
    -- 0 of people, 1 of devices
    kind smallint NOT NULL,
    -- contract::groups::Rule as JSON; none: fixed members
    rule text,
    -- all_people or all_devices; such a group is neither changed nor deleted
    builtin text UNIQUE,
    source text NOT NULL,
    external_id text COLLATE "C",
    version bigint NOT NULL DEFAULT 1,
    -- rows in `group_members`
    members bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL
);

-- What was put into a group by hand, CSV or SCIM.
CREATE TABLE group_fixed (
    group_id text COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    member text COLLATE "C" NOT NULL,
    PRIMARY KEY (group_id, member)
);
CREATE INDEX group_fixed_by_member ON group_fixed (member, group_id);

CREATE TABLE group_nested (
    group_id text COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    inner_id text COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, inner_id)
);
CREATE INDEX group_nested_by_inner ON group_nested (inner_id, group_id);

-- Who is in a group after all: fixed, by rule, and by groups inside. Written in the transaction of what it follows from.
-- The member is the id of a person or of a device. Inactive people are in no group.
CREATE TABLE group_members (
    group_id text COLLATE "C" NOT NULL,
    member text COLLATE "C" NOT NULL,
    PRIMARY KEY (group_id, member)
);
CREATE INDEX group_members_by_member ON group_members (member, group_id);

-- Groups whose members (or their attributes) changed, for the engine to plan again what they touch.
CREATE TABLE group_changes (
    group_id text COLLATE "C" NOT NULL PRIMARY KEY,
    at bigint NOT NULL
);
