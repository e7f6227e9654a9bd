-- What the help desk looks up (H2) and the first page warns of (N1).

CREATE INDEX assets_by_bundle ON assets (lower(bundle_id)) WHERE stage = 1;
CREATE INDEX assets_by_waiting ON assets (waiting, id) WHERE stage = 1 AND waiting > 0;
-- What failed, by Apple's number.
CREATE INDEX ledger_by_error ON ledger (error_number, at) WHERE error_number IS NOT NULL;
