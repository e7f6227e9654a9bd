-- S5, S6: licences whose origin is unknown, and licences that were given or adopted here; those being taken back count too.
ALTER TABLE assets ADD COLUMN found INTEGER NOT NULL DEFAULT 0;
ALTER TABLE assets ADD COLUMN given INTEGER NOT NULL DEFAULT 0;
-- rows in `lost_licenses`
ALTER TABLE assets ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
-- when `given` changed
ALTER TABLE assets ADD COLUMN given_at INTEGER;
-- Apple's number of the version: it grows
ALTER TABLE assets ADD COLUMN external_id INTEGER;
UPDATE assets SET
    (found, given) = (SELECT count(*) FILTER (WHERE x.operation IS NULL), count(*) FILTER (WHERE x.operation IS NOT NULL)
        FROM licenses x WHERE x.asset = assets.id AND x.state IN (2, 3)),
    given_at = (SELECT max(x.since) FROM licenses x WHERE x.asset = assets.id AND x.operation IS NOT NULL)
WHERE stage = 1;
CREATE INDEX assets_drifted ON assets (sort_name, id) WHERE stage = 1 AND (found > 0 OR lost > 0);

-- Given here and no longer at Apple, until somebody has decided what is right.
CREATE TABLE lost_licenses (
    asset INTEGER NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    holder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    given_at INTEGER NOT NULL,
    lost_at INTEGER NOT NULL,
    PRIMARY KEY (asset, holder, kind)
) STRICT, WITHOUT ROWID;

-- Each version of an app as it was first seen.
CREATE TABLE asset_versions (
    asset INTEGER NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    seen_at INTEGER NOT NULL,
    version TEXT NOT NULL,
    external_id INTEGER,
    PRIMARY KEY (asset, seen_at)
) STRICT, WITHOUT ROWID;
INSERT INTO asset_versions (asset, seen_at, version)
SELECT id, described_at, version FROM assets WHERE described_at IS NOT NULL AND version <> '';

-- C4: deleted here; not shown again before they have licences.
CREATE TABLE deleted_assets (
    location TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    adam_id TEXT NOT NULL,
    pricing_param TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (location, adam_id, pricing_param)
) STRICT, WITHOUT ROWID;

-- When the store is to be asked again what it says of the assets.
ALTER TABLE locations ADD COLUMN describe_at INTEGER;
UPDATE locations SET describe_at = synced_at + 86400000;
CREATE INDEX locations_by_describing ON locations (describe_at) WHERE describe_at IS NOT NULL;
