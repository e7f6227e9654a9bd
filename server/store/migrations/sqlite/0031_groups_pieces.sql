-- As those of people and devices: a part of a group's name is found without reading all names.
CREATE TABLE groups_numbers (
    number INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE groups_pieces USING fts5 (
    search, content = '', contentless_delete = 1, detail = 'none', tokenize = 'trigram case_sensitive 1'
);
INSERT INTO groups_numbers (id) SELECT id FROM groups;
INSERT INTO groups_pieces (rowid, search) SELECT n.number, g.sort_name FROM groups_numbers n JOIN groups g ON g.id = n.id;
CREATE TRIGGER groups_pieces_come AFTER INSERT ON groups BEGIN
    INSERT INTO groups_numbers (id) VALUES (NEW.id);
    INSERT INTO groups_pieces (rowid, search) SELECT number, NEW.sort_name FROM groups_numbers WHERE id = NEW.id;
END;
CREATE TRIGGER groups_pieces_change AFTER UPDATE OF sort_name ON groups WHEN NEW.sort_name <> OLD.sort_name BEGIN
    DELETE FROM groups_pieces WHERE rowid = (SELECT number FROM groups_numbers WHERE id = NEW.id);
    INSERT INTO groups_pieces (rowid, search) SELECT number, NEW.sort_name FROM groups_numbers WHERE id = NEW.id;
END;
CREATE TRIGGER groups_pieces_go AFTER DELETE ON groups BEGIN
    DELETE FROM groups_pieces WHERE rowid = (SELECT number FROM groups_numbers WHERE id = OLD.id);
    DELETE FROM groups_numbers WHERE id = OLD.id;
END;
