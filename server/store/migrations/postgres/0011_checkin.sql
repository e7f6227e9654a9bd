-- Links that open the check-in page of a device (P1), and what is asked for there (P4).
CREATE TABLE enrolment_links (
    hash bytea NOT NULL PRIMARY KEY,
    device text COLLATE "C" NOT NULL UNIQUE REFERENCES devices (id) ON DELETE CASCADE,
    expires_at bigint NOT NULL
);

CREATE TABLE requests (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    device text COLLATE "C" NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    asset bigint NOT NULL REFERENCES assets (id),
    reason text NOT NULL,
    made_at bigint NOT NULL,
    -- open, approved or refused
    state text COLLATE "C" NOT NULL,
    answer text NOT NULL DEFAULT '',
    answered_at bigint,
    answered_by text,
    operation text
);
CREATE UNIQUE INDEX requests_open ON requests (device, asset) WHERE state = 'open';
CREATE INDEX requests_by_state ON requests (state, made_at, id);
CREATE INDEX requests_by_device ON requests (device, made_at);
