-- As migrations/sqlite/0009_people_more.sql.

ALTER TABLE people ADD COLUMN given_name text NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN family_name text NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN email_key text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX people_by_email ON people (email_key) WHERE email_key <> '';
CREATE INDEX people_inactive ON people (sort_name, id) WHERE NOT active;
CREATE INDEX groups_by_external_id ON groups (external_id) WHERE external_id IS NOT NULL;

CREATE INDEX devices_without_user_key ON devices (id) WHERE user_name <> '' AND user_name_key = '';

INSERT INTO groups (id, name, sort_name, kind, rule, builtin, source, created_at, changed_at) VALUES
    ('all_people', 'All people', 'all people', 0, '{"join":"all","conditions":[]}', 'all_people', 'manual', 0, 0),
    ('all_devices', 'All devices', 'all devices', 1, '{"join":"all","conditions":[]}', 'all_devices', 'manual', 0, 0);
INSERT INTO group_members (group_id, member) SELECT 'all_devices', id FROM devices;
UPDATE groups SET members = (SELECT count(*) FROM devices) WHERE id = 'all_devices';

CREATE TABLE scim_tokens (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    created_by text NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint
);

-- As in 0007: searches inside of names.
DO $$
DECLARE
    home text;
BEGIN
    SELECT nspname INTO home
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
    IF home IS NOT NULL THEN
        EXECUTE format('CREATE INDEX people_by_inside ON people USING gin (search %I.gin_trgm_ops)', home);
    END IF;
EXCEPTION
    WHEN OTHERS THEN RAISE NOTICE 'no index for searches inside of names: %', SQLERRM;
END
$$;
-- The names of one person can be longer than a row of such an index may be.
DROP INDEX people_by_search;
