-- Where a part of a name stands: the pieces of three letters of each `search`, so that what few have is found among
-- hundreds of thousands. FTS5 knows rows by number, which people and devices do not have: `*_numbers` gives them one.
CREATE TABLE people_numbers (
    number INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE people_pieces USING fts5 (
    search, content = '', contentless_delete = 1, detail = 'none', tokenize = 'trigram case_sensitive 1'
);
INSERT INTO people_numbers (id) SELECT id FROM people;
INSERT INTO people_pieces (rowid, search) SELECT n.number, p.search FROM people_numbers n JOIN people p ON p.id = n.id;
CREATE TRIGGER people_pieces_come AFTER INSERT ON people BEGIN
    INSERT INTO people_numbers (id) VALUES (NEW.id);
    INSERT INTO people_pieces (rowid, search) SELECT number, NEW.search FROM people_numbers WHERE id = NEW.id;
END;
CREATE TRIGGER people_pieces_change AFTER UPDATE OF search ON people WHEN NEW.search <> OLD.search BEGIN
    DELETE FROM people_pieces WHERE rowid = (SELECT number FROM people_numbers WHERE id = NEW.id);
    INSERT INTO people_pieces (rowid, search) SELECT number, NEW.search FROM people_numbers WHERE id = NEW.id;
END;
CREATE TRIGGER people_pieces_go AFTER DELETE ON people BEGIN
    DELETE FROM people_pieces WHERE rowid = (SELECT number FROM people_numbers WHERE id = OLD.id);
    DELETE FROM people_numbers WHERE id = OLD.id;
END;

CREATE TABLE devices_numbers (
    number INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE devices_pieces USING fts5 (
    search, content = '', contentless_delete = 1, detail = 'none', tokenize = 'trigram case_sensitive 1'
);
INSERT INTO devices_numbers (id) SELECT id FROM devices;
INSERT INTO devices_pieces (rowid, search) SELECT n.number, d.search FROM devices_numbers n JOIN devices d ON d.id = n.id;
CREATE TRIGGER devices_pieces_come AFTER INSERT ON devices BEGIN
    INSERT INTO devices_numbers (id) VALUES (NEW.id);
    INSERT INTO devices_pieces (rowid, search) SELECT number, NEW.search FROM devices_numbers WHERE id = NEW.id;
END;
CREATE TRIGGER devices_pieces_change AFTER UPDATE OF search ON devices WHEN NEW.search <> OLD.search BEGIN
    DELETE FROM devices_pieces WHERE rowid = (SELECT number FROM devices_numbers WHERE id = NEW.id);
    INSERT INTO devices_pieces (rowid, search) SELECT number, NEW.search FROM devices_numbers WHERE id = NEW.id;
END;
CREATE TRIGGER devices_pieces_go AFTER DELETE ON devices BEGIN
    DELETE FROM devices_pieces WHERE rowid = (SELECT number FROM devices_numbers WHERE id = OLD.id);
    DELETE FROM devices_numbers WHERE id = OLD.id;
END;
