-- What SCIM has of a person beside `name`.
ALTER TABLE people ADD COLUMN given_name TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN family_name TEXT NOT NULL DEFAULT '';
-- the e-mail address folded by src/text.rs
ALTER TABLE people ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
CREATE INDEX people_by_email ON people (email_key) WHERE email_key <> '';
CREATE INDEX people_inactive ON people (sort_name, id) WHERE active = 0;
CREATE INDEX groups_by_external_id ON groups (external_id) WHERE external_id IS NOT NULL;

-- Devices from before 0008, whose key is filled at the next start.
CREATE INDEX devices_without_user_key ON devices (id) WHERE user_name <> '' AND user_name_key = '';

-- A rule without conditions: everybody.
INSERT INTO groups (id, name, sort_name, kind, rule, builtin, source, created_at, changed_at) VALUES
    ('all_people', 'All people', 'all people', 0, '{"join":"all","conditions":[]}', 'all_people', 'manual', 0, 0),
    ('all_devices', 'All devices', 'all devices', 1, '{"join":"all","conditions":[]}', 'all_devices', 'manual', 0, 0);
INSERT INTO group_members (group_id, member) SELECT 'all_devices', id FROM devices;
UPDATE groups SET members = (SELECT count(*) FROM devices) WHERE id = 'all_devices';

CREATE TABLE scim_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
