//! T8: what goes with a location's last token.

use super::{Write, recount};
use crate::{Result, text::storable};
use contract::{Code, LocationId, UnixMillis};

/// Assets, licences and open operations of the location go; what Apple has stays as it is, and the ledger says that it
/// is no longer known here. A worker that has the location loses it, and Apple's notifications are no longer taken.
pub async fn forget(tx: &mut Write, location: &LocationId, by: &str, now: UnixMillis) -> Result<()> {
    let id = location.as_str();
    sqlx::query(
        "UPDATE locations SET epoch = epoch + 1, lease_owner = NULL, lease_until = 0, next_sync_at = NULL,
             sync_state = 'never', sync_run = NULL, sync_progress = NULL, sync_fault = NULL, synced_at = NULL,
             owner_id = NULL, owner_name = NULL, owner_metadata = NULL, claimed_at = NULL, check_at = NULL, describe_at = NULL,
             assets_version = NULL, assignments_version = NULL
         WHERE id = $1",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    break_off(tx, id, now).await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, actor)
         SELECT $1, CASE x.state WHEN 0 THEN 11 WHEN 1 THEN 7 ELSE 10 END, x.asset, x.holder, x.kind, $2
         FROM assets a JOIN licenses x ON x.asset = a.id
         WHERE a.location = $3 AND a.stage = 1 AND x.state < 4
         ORDER BY x.asset, x.holder, x.kind",
    )
    .bind(now)
    .bind(storable(by))
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses WHERE asset IN (SELECT id FROM assets WHERE location = $1 AND stage < 2)",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE assets SET stage = 2, pending = 0, waiting = 0, listed = 0, found = 0, given = 0, lost = 0,
             digest = NULL
         WHERE location = $1 AND stage < 2",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    for sql in [
        "DELETE FROM sync_runs WHERE location = $1",
        "DELETE FROM receivers WHERE location = $1",
        "DELETE FROM notifications WHERE location = $1",
        "DELETE FROM doubts WHERE location = $1",
        "DELETE FROM deleted_assets WHERE location = $1",
        "DELETE FROM lost_licenses WHERE asset IN (SELECT id FROM assets WHERE location = $1)",
    ] {
        sqlx::query(sql).bind(id).execute(&mut **tx).await?;
    }
    recount(tx, location).await
}

/// Ends the open operations: what is not done has failed, since nobody can ask Apple about it any more.
async fn break_off(tx: &mut Write, location: &str, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE items SET state = 3, error_number = 0, error_message = $1
         WHERE state IN (0, 1) AND operation IN (SELECT number FROM operations WHERE location = $2 AND state <> 'done')",
    )
    .bind(Code::TokenDeleted.as_str())
    .bind(location)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE batches SET state = 3, since = $1, assets = '[]', holders = '[]' WHERE location = $2 AND state < 3",
    )
    .bind(now)
    .bind(location)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', finished_at = $1, fault = NULL, failed = total - done - waiting
         WHERE location = $2 AND state <> 'done'",
    )
    .bind(now)
    .bind(location)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
