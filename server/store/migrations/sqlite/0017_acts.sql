-- What one person did at once is several operations, one a location.

-- R4: the first operation of the act; none where it is the only one
ALTER TABLE operations ADD COLUMN act TEXT;
CREATE INDEX operations_by_act ON operations (act, number) WHERE act IS NOT NULL;
-- T8: takes back all that its location has
ALTER TABLE operations ADD COLUMN everything INTEGER NOT NULL DEFAULT 0;
CREATE INDEX operations_of_everything ON operations (location, number) WHERE everything = 1;
-- R4: whether anything of an operation was sent
CREATE INDEX batches_sent ON batches (operation) WHERE state > 0;
-- S5: when Apple told by itself what changed the counts
ALTER TABLE assets ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;
-- N1: apps that the store no longer has
CREATE INDEX assets_missing ON assets (id) WHERE missing_since IS NOT NULL AND stage = 1 AND product = 0;
