-- How often Apple took the same up and failed it for the moment.
ALTER TABLE batches ADD COLUMN rounds bigint NOT NULL DEFAULT 0;
