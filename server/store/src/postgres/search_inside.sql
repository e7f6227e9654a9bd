-- Searches inside of names, where migrations 0007 and 0009 could not make their indexes: at every start, since the extension
-- may have been installed meanwhile. Without it such searches read all rows.
DO $$
DECLARE
    home text;
    wanted record;
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
    SELECT nspname INTO home
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
    FOR wanted IN
        SELECT * FROM (VALUES ('devices', 'devices_by_search', ''), ('assets', 'assets_by_search', 'WHERE stage = 1'),
            ('people', 'people_by_inside', '')) AS indexes (of_table, name, rows)
    LOOP
        -- Even an index that is there would have to wait for whoever writes.
        IF to_regclass(wanted.name) IS NULL THEN
            EXECUTE format('CREATE INDEX %I ON %I USING gin (search %I.gin_trgm_ops) %s',
                wanted.name, wanted.of_table, home, wanted.rows);
        END IF;
    END LOOP;
EXCEPTION
    WHEN OTHERS THEN RAISE NOTICE 'no index for searches inside of names: %', SQLERRM;
END
$$;
