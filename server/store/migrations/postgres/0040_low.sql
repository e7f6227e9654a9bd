-- The first page shows the scarcest apps first.
CREATE INDEX assets_low ON assets (available, sort_name, id) WHERE stage = 1 AND product = 0 AND level = 'low';
