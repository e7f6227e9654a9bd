-- How often Apple took the same up and failed it for the moment.
ALTER TABLE batches ADD COLUMN rounds INTEGER NOT NULL DEFAULT 0;
