-- A note that is there already is written once more, which waits for whoever is taking it: a note that was only seen may be gone
-- before what it tells of can be seen.
CREATE OR REPLACE FUNCTION plan_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_changes (group_id, at)
    SELECT m.group_id, max(c.changed_at) FROM (
        SELECT n.person AS member, n.changed_at FROM fresh n JOIN former f ON f.number = n.number
        WHERE n.status <> f.status AND n.status > 0
        UNION SELECT d.id, n.changed_at FROM fresh n JOIN former f ON f.number = n.number
        JOIN people p ON p.id = n.person JOIN devices d ON d.user_name_key = p.user_name_key
        WHERE n.status <> f.status AND n.status > 0 AND d.user_name_key <> '') c
    JOIN group_members m ON m.member = c.member
    GROUP BY m.group_id ORDER BY m.group_id
    ON CONFLICT (group_id) DO UPDATE SET at = excluded.at;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION plan_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_changes (group_id, at)
    SELECT DISTINCT m.group_id, 0 FROM fresh n JOIN former f ON f.id = n.id JOIN group_members m ON m.member = n.id
    WHERE (n.platform, n.enrolment, n.store_blocked) <> (f.platform, f.enrolment, f.store_blocked)
    ORDER BY m.group_id
    ON CONFLICT (group_id) DO UPDATE SET at = group_changes.at;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION plan_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM plan_soon(NEW.asset);
    RETURN NULL;
END
$$;
