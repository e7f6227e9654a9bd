-- As migrations/sqlite/0007_search.sql.

CREATE INDEX assets_by_bundle ON assets (lower(bundle_id) COLLATE "C") WHERE stage = 1;
CREATE INDEX assets_by_waiting ON assets (waiting, id) WHERE stage = 1 AND waiting > 0;
CREATE INDEX ledger_by_error ON ledger (error_number, at, id) WHERE error_number IS NOT NULL;

-- Searches inside of names, from three letters on. The extension comes with PostgreSQL, but not every server has it or lets
-- everybody create it; without it such a search reads all rows, as before.
DO $$
DECLARE
    home text;
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
    SELECT nspname INTO home
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX devices_by_search ON devices USING gin (search %I.gin_trgm_ops)', home);
    EXECUTE format('CREATE INDEX assets_by_search ON assets USING gin (search %I.gin_trgm_ops) WHERE stage = 1', home);
EXCEPTION
    WHEN OTHERS THEN RAISE NOTICE 'no index for searches inside of names: %', SQLERRM;
END
$$;
