-- Links that open the check-in page of a device (P1), and what is asked for there (P4).
CREATE TABLE enrolment_links (
    hash BLOB NOT NULL PRIMARY KEY,
    device TEXT NOT NULL UNIQUE REFERENCES devices (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    asset INTEGER NOT NULL REFERENCES assets (id),
    reason TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    -- open, approved or refused
    state TEXT NOT NULL,
    answer TEXT NOT NULL DEFAULT '',
    answered_at INTEGER,
    answered_by TEXT,
    operation TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX requests_open ON requests (device, asset) WHERE state = 'open';
CREATE INDEX requests_by_state ON requests (state, made_at, id);
CREATE INDEX requests_by_device ON requests (device, made_at);
