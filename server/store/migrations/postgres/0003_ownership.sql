-- When this Pomona was first seen to own the location (T5).
ALTER TABLE locations ADD COLUMN claimed_at BIGINT;
-- Since when the store of the token's country does not answer for an app that is owned (T7, C5).
ALTER TABLE assets ADD COLUMN missing_since BIGINT;
-- Who acted where neither an operation nor Apple did, such as whoever deleted the token (T8).
ALTER TABLE ledger ADD COLUMN actor TEXT;
