-- What is known of tokens and of what was done, beyond their states.

-- T3: Apple lets the token's creator look and change nothing (9637)
ALTER TABLE tokens ADD COLUMN read_only BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX tokens_read_only ON tokens (id) WHERE read_only;
-- C5: the store describes it to its owners alone; since when is in missing_since
ALTER TABLE assets ADD COLUMN removed BOOLEAN NOT NULL DEFAULT false;
-- H2: what has an error of Apple now
CREATE INDEX licenses_by_error ON licenses (error_number, asset, holder, kind) WHERE error_number IS NOT NULL;
-- S5: accepting a loss is not adopting
UPDATE operations SET kind = 'let_go'
WHERE kind = 'adopt' AND EXISTS (SELECT FROM ledger g WHERE g.operation = operations.number AND g.act = 9);
