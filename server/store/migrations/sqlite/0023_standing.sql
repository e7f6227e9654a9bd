-- What is known of tokens and of what was done, beyond their states.

-- T3: Apple lets the token's creator look and change nothing (9637)
ALTER TABLE tokens ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tokens_read_only ON tokens (id) WHERE read_only = 1;
-- C5: the store describes it to its owners alone; since when is in missing_since
ALTER TABLE assets ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
-- H2: what has an error of Apple now
CREATE INDEX licenses_by_error ON licenses (error_number, asset, holder, kind) WHERE error_number IS NOT NULL;
-- S5: accepting a loss is not adopting
UPDATE operations SET kind = 'let_go'
WHERE kind = 'adopt' AND EXISTS (SELECT 1 FROM ledger g WHERE g.operation = operations.number AND g.act = 9);
