-- The tables of migrations/sqlite/0002_notifications.sql, which says what the columns mean.

CREATE TABLE receivers (
    location text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES locations (id) ON DELETE CASCADE,
    url text NOT NULL,
    sealed bytea NOT NULL,
    state text NOT NULL,
    since bigint NOT NULL,
    fault text,
    received_at bigint
);

CREATE TABLE notifications (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location text COLLATE "C" NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    received_at bigint NOT NULL,
    state smallint NOT NULL DEFAULT 0,
    UNIQUE (location, id)
);
CREATE INDEX notifications_arrived ON notifications (location, number) WHERE state = 0;
CREATE INDEX notifications_done ON notifications (received_at) WHERE state = 1;

CREATE TABLE doubts (
    location text COLLATE "C" NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    adam_id text COLLATE "C" NOT NULL,
    pricing_param text COLLATE "C" NOT NULL,
    holders boolean NOT NULL,
    not_before bigint NOT NULL,
    PRIMARY KEY (location, adam_id, pricing_param)
);

ALTER TABLE locations
    ADD COLUMN check_at bigint,
    ADD COLUMN assets_version text,
    ADD COLUMN assignments_version text,
    ADD COLUMN counts_from bigint NOT NULL DEFAULT 0;
ALTER TABLE assets ADD COLUMN counts_from bigint NOT NULL DEFAULT 0;
CREATE INDEX locations_by_check ON locations (check_at) WHERE check_at IS NOT NULL;

ALTER TABLE batches ADD COLUMN confirmed bigint NOT NULL DEFAULT 0;
CREATE INDEX batches_by_event ON batches (event) WHERE event IS NOT NULL;
CREATE INDEX events_by_event ON events (event);
