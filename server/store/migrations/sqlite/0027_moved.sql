-- A10: what migrations gave devices that are not done belongs to the assignments that gave the user licences.
UPDATE licenses SET assignment = o.assignment FROM moves m JOIN move_people o ON o.move = m.number
    JOIN vpp_users u ON u.client_user_id = o.holder JOIN people p ON p.id = u.person
    JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> ''
WHERE m.state <> 'done' AND o.state > 0 AND o.assignment IS NOT NULL AND licenses.asset = m.asset
    AND licenses.holder = d.serial AND licenses.kind = 0 AND licenses.assignment IS NULL
    AND licenses.operation IN (SELECT r.number FROM operations r
        WHERE r.kind = 'assign' AND r.account = m.account AND r.reason = m.reason AND r.created_at >= m.created_at);
