-- Pauses that grow with each look in vain.

-- How often in a row the asset could not be read.
ALTER TABLE doubts ADD COLUMN tries bigint NOT NULL DEFAULT 0;
-- How often it was looked whether whoever has left holds nothing any more (D4).
ALTER TABLE vpp_users ADD COLUMN looks bigint NOT NULL DEFAULT 0;
