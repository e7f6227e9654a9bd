-- Apple's notifications (S4), and the cheap checks between two syncs.

-- Where Apple sends a location's notifications. The secret is sealed for `receivers/<location>`.
CREATE TABLE receivers (
    location TEXT NOT NULL PRIMARY KEY REFERENCES locations (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    sealed BLOB NOT NULL,
    -- asked, active or refused
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    fault TEXT,
    -- the newest notification that was taken up
    received_at INTEGER
) STRICT;

-- Stored before Apple is told that they came; taken up in this order by whoever holds the location.
CREATE TABLE notifications (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    -- Apple's JSON; emptied when it is done with
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    -- 0 arrived, 1 done, 2 kept: about users
    state INTEGER NOT NULL DEFAULT 0,
    UNIQUE (location, id)
) STRICT;
CREATE INDEX notifications_arrived ON notifications (location, number) WHERE state = 0;
CREATE INDEX notifications_done ON notifications (received_at) WHERE state = 1;

-- Assets to be read again at Apple, known here or not.
CREATE TABLE doubts (
    location TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    adam_id TEXT NOT NULL,
    pricing_param TEXT NOT NULL,
    -- their holders too, even if the number is right
    holders INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    PRIMARY KEY (location, adam_id, pricing_param)
) STRICT, WITHOUT ROWID;

-- The next cheap check, and Apple's versions at the last listing.
ALTER TABLE locations ADD COLUMN check_at INTEGER;
ALTER TABLE locations ADD COLUMN assets_version TEXT;
ALTER TABLE locations ADD COLUMN assignments_version TEXT;
-- When the listing began that the counts are from: what Apple told before is in them.
ALTER TABLE locations ADD COLUMN counts_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE assets ADD COLUMN counts_from INTEGER NOT NULL DEFAULT 0;
CREATE INDEX locations_by_check ON locations (check_at) WHERE check_at IS NOT NULL;

-- Pairs that notifications have ended, while the others are still open.
ALTER TABLE batches ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batches_by_event ON batches (event) WHERE event IS NOT NULL;
CREATE INDEX events_by_event ON events (event);
