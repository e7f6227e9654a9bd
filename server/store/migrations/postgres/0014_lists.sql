-- What every page asks for, by indexes of its own: the menu's counts and the choices of locations.

CREATE INDEX tokens_not_valid ON tokens (id) WHERE state <> 'valid';
CREATE INDEX locations_failed ON locations (id) WHERE sync_state = 'failed';
CREATE INDEX locations_by_name ON locations (sort_name, id);
