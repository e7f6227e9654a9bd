//! T8: what would give licences of a location again that is to be emptied.

use super::Write;
use crate::Result;
use contract::{LocationId, UnixMillis};

/// Nothing of the location is assigned, asked or waited for any more; answers how many assignments there were.
pub(super) async fn give_nothing(
    tx: &mut Write,
    location: &LocationId,
    by: &str,
    now: UnixMillis,
) -> Result<u64> {
    let id = location.as_str();
    sqlx::query(
        "INSERT INTO removed_license_only (assignment) SELECT s.number FROM assignments s
         WHERE s.asset IN (SELECT id FROM assets WHERE location = ?) AND s.settings ->> 'license_only'",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    let removed =
        sqlx::query("DELETE FROM assignments WHERE asset IN (SELECT id FROM assets WHERE location = ?)")
            .bind(id)
            .execute(&mut **tx)
            .await?;
    for sql in [
        "UPDATE assignments SET settings = json_remove(settings, '$.draw_from') WHERE settings ->> 'draw_from' = ?",
        "DELETE FROM asked WHERE asset IN (SELECT id FROM assets WHERE location = ?)",
        "UPDATE moves SET state = 'stopped'
         WHERE state = 'running' AND asset IN (SELECT id FROM assets WHERE location = ?)",
    ] {
        sqlx::query(sql).bind(id).execute(&mut **tx).await?;
    }
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, actor)
         SELECT ?, 11, x.asset, x.holder, x.kind, ? FROM assets a CROSS JOIN licenses x ON x.asset = a.id
         WHERE a.location = ? AND x.state = 0",
    )
    .bind(now)
    .bind(by)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE assets SET waiting = 0, listed = listed - (SELECT count(*) FROM licenses x
             WHERE x.asset = assets.id AND x.state IN (0, 5)) WHERE location = ?",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses WHERE state IN (0, 5) AND asset IN (SELECT id FROM assets WHERE location = ?)",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(removed.rows_affected())
}
