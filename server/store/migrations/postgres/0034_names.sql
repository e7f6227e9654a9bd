-- A person's names folded by src/text.rs, for SCIM's filters. Of people from before, they are filled at the next start.
ALTER TABLE people ADD COLUMN given_name_key text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN family_name_key text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX people_without_name_keys ON people (id)
    WHERE given_name <> '' AND given_name_key = '' OR family_name <> '' AND family_name_key = '';
