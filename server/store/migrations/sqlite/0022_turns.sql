-- A8: the place among those that began to wait at the same moment, where a plan by hand said who is first.
ALTER TABLE licenses ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
