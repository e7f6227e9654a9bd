-- Small numbers in these tables are those of src/numbers.rs. Times are unix milliseconds. Columns named `sort_name` and
-- `search` hold text folded by src/text.rs, so that both databases order and find alike.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password TEXT,
    disabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    signed_in_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    hash BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_account ON links (account);

CREATE TABLE sessions (
    hash BLOB NOT NULL PRIMARY KEY,
    account TEXT,
    data BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    account TEXT,
    actor TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;

-- The sums `apps` to `listed` are of the shown assets, so that lists of tokens need not add them up.
CREATE TABLE locations (
    id TEXT NOT NULL PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    country TEXT NOT NULL,
    platform TEXT NOT NULL,
    owner_id TEXT,
    owner_name TEXT,
    owner_metadata TEXT,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    attended_at INTEGER NOT NULL DEFAULT 0,
    sync_hours INTEGER NOT NULL DEFAULT 12,
    next_sync_at INTEGER,
    -- never, queued, in_progress, completed or failed
    sync_state TEXT NOT NULL DEFAULT 'never',
    sync_run INTEGER,
    sync_started_at INTEGER NOT NULL DEFAULT 0,
    sync_finished_at INTEGER NOT NULL DEFAULT 0,
    sync_app_errors INTEGER NOT NULL DEFAULT 0,
    sync_progress TEXT,
    sync_fault TEXT,
    -- the last completed sync: when the counts were read from Apple
    synced_at INTEGER,
    apps INTEGER NOT NULL DEFAULT 0,
    books INTEGER NOT NULL DEFAULT 0,
    used INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    listed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX locations_by_next_sync ON locations (next_sync_at) WHERE next_sync_at IS NOT NULL;

CREATE TABLE sync_runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location TEXT NOT NULL REFERENCES locations (id),
    started_at INTEGER NOT NULL,
    -- in_progress, completed or failed
    state TEXT NOT NULL,
    finished_at INTEGER NOT NULL DEFAULT 0,
    app_errors INTEGER NOT NULL DEFAULT 0,
    fault TEXT,
    assets INTEGER NOT NULL DEFAULT 0,
    assignments INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sync_runs_by_location ON sync_runs (location, id);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    location TEXT NOT NULL REFERENCES locations (id),
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL UNIQUE,
    -- name, organisation and Apple Account; the location's name is searched in its own row
    search TEXT NOT NULL,
    apple_account TEXT NOT NULL,
    organisation TEXT NOT NULL,
    country TEXT NOT NULL,
    account_type TEXT NOT NULL,
    automatic_updates INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    -- the other MDM's name
    state_mdm TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_location ON tokens (location, state);
CREATE INDEX tokens_by_expiry ON tokens (expires_at, id);

-- Apart, so that lists do not read over them.
CREATE TABLE sealed_tokens (
    token TEXT NOT NULL PRIMARY KEY REFERENCES tokens (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE assets (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location TEXT NOT NULL REFERENCES locations (id),
    -- 0 arriving, 1 shown, 2 gone: kept for the names in the ledger
    stage INTEGER NOT NULL,
    adam_id TEXT NOT NULL,
    pricing_param TEXT NOT NULL,
    product INTEGER NOT NULL,
    assigned INTEGER NOT NULL,
    available INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    total INTEGER NOT NULL,
    unlimited INTEGER NOT NULL,
    device_assignable INTEGER NOT NULL,
    revocable INTEGER NOT NULL,
    -- in operations, not confirmed
    pending INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    -- L4
    revoked INTEGER NOT NULL DEFAULT 0,
    -- rows in `licenses`
    listed INTEGER NOT NULL DEFAULT 0,
    digest BLOB,
    looked_at INTEGER,
    described_at INTEGER,
    -- contract::catalog::Level
    level TEXT NOT NULL AS (
        CASE
            WHEN unlimited THEN 'unlimited'
            WHEN available <= 0 THEN 'out'
            WHEN available = total THEN 'unused'
            WHEN available * 10 <= total THEN 'low'
            ELSE 'enough'
        END
    ) VIRTUAL,
    custom INTEGER NOT NULL DEFAULT 0,
    -- 'iOS,macOS'
    platforms TEXT NOT NULL,
    -- the adamId until the metadata is known
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    search TEXT NOT NULL,
    publisher TEXT NOT NULL DEFAULT '',
    icon TEXT,
    bundle_id TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '',
    price TEXT NOT NULL DEFAULT '',
    genre TEXT NOT NULL DEFAULT '',
    store_url TEXT,
    minimum_os TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX assets_by_key ON assets (location, adam_id, pricing_param) WHERE stage < 2;
CREATE INDEX assets_by_name ON assets (product, sort_name, id) WHERE stage = 1;
CREATE INDEX assets_by_used ON assets (product, assigned, id) WHERE stage = 1;
CREATE INDEX assets_by_available ON assets (product, available, id) WHERE stage = 1;
CREATE INDEX assets_by_total ON assets (product, total, id) WHERE stage = 1;
CREATE INDEX assets_by_level ON assets (product, level, sort_name, id) WHERE stage = 1;
-- All that lists filter and sort by, so that a search that finds little reads no wide rows.
CREATE INDEX assets_by_search ON assets (
    product, sort_name, id, search, custom, platforms, level, assigned, available, total
) WHERE stage = 1;
CREATE INDEX assets_by_adam_id ON assets (adam_id) WHERE stage = 1;
CREATE INDEX assets_by_order ON assets (sort_name, id) WHERE stage = 1;
CREATE INDEX assets_of_location ON assets (location, stage, product, assigned, total, waiting, listed);
CREATE INDEX assets_by_looked ON assets (location, looked_at) WHERE stage < 2;

-- No foreign key on the asset: a first sync writes a million of these.
CREATE TABLE licenses (
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    since INTEGER NOT NULL,
    -- where it came from; none: unknown
    operation INTEGER,
    error_number INTEGER,
    error_message TEXT,
    PRIMARY KEY (asset, holder, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX licenses_by_holder ON licenses (holder, asset, kind);
CREATE INDEX licenses_not_held ON licenses (state, asset, holder, kind) WHERE state <> 2;

CREATE TABLE operations (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    location TEXT NOT NULL REFERENCES locations (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    account TEXT NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    assets INTEGER NOT NULL,
    -- if it is one
    asset INTEGER,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL,
    fault TEXT
) STRICT;
CREATE INDEX operations_by_location ON operations (location, number);
CREATE INDEX operations_by_state ON operations (state, number);
CREATE INDEX operations_open ON operations (number) WHERE state <> 'done';

-- Apple's eventIds.
CREATE TABLE events (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL
) STRICT;

CREATE TABLE batches (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    operation INTEGER NOT NULL REFERENCES operations (number),
    location TEXT NOT NULL REFERENCES locations (id),
    -- 0 prepared, 1 sending, 2 sent, 3 done
    state INTEGER NOT NULL,
    event INTEGER REFERENCES events (number),
    since INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- what is sent: JSON arrays of asset ids and of [kind, holder]; emptied at the end
    assets TEXT NOT NULL,
    holders TEXT NOT NULL
) STRICT;
CREATE INDEX batches_open ON batches (location, not_before) WHERE state < 3;
CREATE INDEX batches_by_operation ON batches (operation) WHERE state < 3;

CREATE TABLE items (
    operation INTEGER NOT NULL REFERENCES operations (number),
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    batch INTEGER,
    error_number INTEGER,
    error_message TEXT,
    PRIMARY KEY (operation, asset, holder, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX items_by_batch ON items (batch) WHERE batch IS NOT NULL;
CREATE INDEX items_failed ON items (operation, asset, holder, kind) WHERE state = 3;

-- Without an operation the actor is Apple.
CREATE TABLE ledger (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    act INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    operation INTEGER,
    event INTEGER,
    error_number INTEGER,
    error_message TEXT
) STRICT;
CREATE INDEX ledger_by_holder ON ledger (holder);
CREATE INDEX ledger_by_asset ON ledger (asset);
CREATE INDEX ledger_by_operation ON ledger (operation) WHERE operation IS NOT NULL;
CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    -- name, user name and model
    search TEXT NOT NULL,
    platform TEXT NOT NULL,
    model TEXT NOT NULL,
    os_version TEXT NOT NULL,
    ownership TEXT NOT NULL,
    supervised INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_name ON devices (sort_name, id);
CREATE INDEX devices_by_platform ON devices (platform, sort_name, id);
CREATE INDEX devices_by_added ON devices (added_at, id);
CREATE INDEX devices_by_search ON devices (sort_name, id, search, serial, platform);

CREATE TABLE plans (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    "by" TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    request TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    applied TEXT
) STRICT;
CREATE INDEX plans_by_age ON plans (made_at);
