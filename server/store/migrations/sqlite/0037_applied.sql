-- A7: what a plan said when it was applied, as JSON; none for those from before, and those that are not applied.
ALTER TABLE plans ADD COLUMN shown TEXT;
