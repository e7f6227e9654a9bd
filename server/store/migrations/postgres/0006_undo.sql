ALTER TABLE operations
    -- R4: not sent before this moment; it can be cancelled until then
    ADD COLUMN held_until bigint,
    -- ended without being sent
    ADD COLUMN cancelled boolean NOT NULL DEFAULT false,
    -- the operation that this one reverses
    ADD COLUMN undoes bigint;
CREATE INDEX operations_by_undone ON operations (undoes) WHERE undoes IS NOT NULL;
