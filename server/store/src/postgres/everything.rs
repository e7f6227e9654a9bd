//! T8: what would give licences of a location again that is to be emptied.

use super::Write;
use crate::{Result, text::storable};
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
         WHERE s.asset IN (SELECT id FROM assets WHERE location = $1) AND (s.settings::json ->> 'license_only')::boolean",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    let removed =
        sqlx::query("DELETE FROM assignments WHERE asset IN (SELECT id FROM assets WHERE location = $1)")
            .bind(id)
            .execute(&mut **tx)
            .await?;
    for sql in [
        "UPDATE assignments SET settings = (settings::jsonb - 'draw_from')::text
         WHERE settings::json ->> 'draw_from' = $1",
        "DELETE FROM asked WHERE asset IN (SELECT id FROM assets WHERE location = $1)",
        "UPDATE moves SET state = 'stopped'
         WHERE state = 'running' AND asset IN (SELECT id FROM assets WHERE location = $1)",
    ] {
        sqlx::query(sql).bind(id).execute(&mut **tx).await?;
    }
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, actor)
         SELECT $1, 11, x.asset, x.holder, x.kind, $2 FROM assets a JOIN licenses x ON x.asset = a.id
         WHERE a.location = $3 AND x.state = 0 ORDER BY x.asset, x.holder, x.kind",
    )
    .bind(now)
    .bind(storable(by))
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE assets a SET waiting = 0, listed = a.listed - (SELECT count(*) FROM licenses x
             WHERE x.asset = a.id AND x.state IN (0, 5)) WHERE a.location = $1",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses WHERE state IN (0, 5) AND asset IN (SELECT id FROM assets WHERE location = $1)",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(removed.rows_affected())
}
