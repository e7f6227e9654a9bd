-- A13: removed assignments whose app another tool installs. What they gave is taken back, and nothing removed from devices,
-- also if it was still on its way.
CREATE TABLE removed_license_only (
    assignment INTEGER NOT NULL PRIMARY KEY
) STRICT;
