-- As migrations/sqlite/0007_search.sql.

CREATE INDEX assets_by_bundle ON assets (lower(bundle_id) COLLATE "C") WHERE stage = 1;
CREATE INDEX assets_by_waiting ON assets (waiting, id) WHERE stage = 1 AND waiting > 0;
CREATE INDEX ledger_by_error ON ledger (error_number, at, id) WHERE error_number IS NOT NULL;
