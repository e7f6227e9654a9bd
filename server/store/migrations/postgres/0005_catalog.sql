-- S5, S6: licences whose origin is unknown, and licences that were given or adopted here; those being taken back count too.
ALTER TABLE assets
    ADD COLUMN found bigint NOT NULL DEFAULT 0,
    ADD COLUMN given bigint NOT NULL DEFAULT 0,
    -- rows in `lost_licenses`
    ADD COLUMN lost bigint NOT NULL DEFAULT 0,
    -- when `given` changed
    ADD COLUMN given_at bigint,
    -- Apple's number of the version: it grows
    ADD COLUMN external_id bigint;
UPDATE assets SET found = x.found, given = x.given, given_at = x.given_at
FROM (SELECT asset, count(*) FILTER (WHERE operation IS NULL) AS found,
        count(*) FILTER (WHERE operation IS NOT NULL) AS given,
        max(since) FILTER (WHERE operation IS NOT NULL) AS given_at
    FROM licenses WHERE state IN (2, 3) GROUP BY asset) x
WHERE assets.id = x.asset AND assets.stage = 1;
CREATE INDEX assets_drifted ON assets (sort_name, id) WHERE stage = 1 AND (found > 0 OR lost > 0);

-- Given here and no longer at Apple, until somebody has decided what is right.
CREATE TABLE lost_licenses (
    asset bigint NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    operation bigint NOT NULL,
    given_at bigint NOT NULL,
    lost_at bigint NOT NULL,
    kind smallint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    PRIMARY KEY (asset, holder, kind)
);

-- Each version of an app as it was first seen.
CREATE TABLE asset_versions (
    asset bigint NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    seen_at bigint NOT NULL,
    external_id bigint,
    version text NOT NULL,
    PRIMARY KEY (asset, seen_at)
);
INSERT INTO asset_versions (asset, seen_at, version)
SELECT id, described_at, version FROM assets WHERE described_at IS NOT NULL AND version <> '';

-- C4: deleted here; not shown again before they have licences.
CREATE TABLE deleted_assets (
    location text COLLATE "C" NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    adam_id text COLLATE "C" NOT NULL,
    pricing_param text COLLATE "C" NOT NULL,
    deleted_at bigint NOT NULL,
    PRIMARY KEY (location, adam_id, pricing_param)
);

-- When the store is to be asked again what it says of the assets.
ALTER TABLE locations ADD COLUMN describe_at bigint;
UPDATE locations SET describe_at = synced_at + 86400000;
CREATE INDEX locations_by_describing ON locations (describe_at) WHERE describe_at IS NOT NULL;
