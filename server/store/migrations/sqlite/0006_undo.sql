-- R4: not sent before this moment; it can be cancelled until then.
ALTER TABLE operations ADD COLUMN held_until INTEGER;
-- ended without being sent
ALTER TABLE operations ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
-- the operation that this one reverses
ALTER TABLE operations ADD COLUMN undoes INTEGER;
CREATE INDEX operations_by_undone ON operations (undoes) WHERE undoes IS NOT NULL;
