use super::{Commit, Sqlite, Write, corrections::correct_to, groups, json, recount};
use crate::{
    Result, StoreError,
    inputs::AssetInput,
    licenses::Digest,
    locations::Fence,
    rows::tokens::{SYNC, SyncRecord},
    sync::{AppleAsset, AssetKey, Corrected, KnownAsset, Publish, Sync},
};
use async_trait::async_trait;
use contract::{
    AssetId, Fault, LocationId, UnixMillis,
    licenses::Holder,
    tokens::{SyncProgress, SyncState},
};
use sqlx::AssertSqlSafe;
use std::collections::{BTreeSet, HashSet};

/// From so many licences an asset on, a flat array for each is the fastest that was measured; below, one array for all.
const MANY: usize = 50;

/// Runs that are kept of each location.
const RUNS: i64 = 30;

#[async_trait]
impl Sync for Sqlite {
    async fn begin_sync(&self, fence: &Fence, now: UnixMillis) -> Result<Vec<KnownAsset>> {
        let location = fence.location.as_str();
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "DELETE FROM licenses WHERE asset IN (SELECT id FROM assets WHERE location = ? AND stage = 0)",
        )
        .bind(location)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM assets WHERE location = ? AND stage = 0")
            .bind(location)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM sync_runs WHERE location = ?1 AND (state = 'in_progress'
                 OR id <= (SELECT id FROM sync_runs WHERE location = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2))",
        )
        .bind(location)
        .bind(RUNS)
        .execute(&mut *tx)
        .await?;
        let run: i64 = sqlx::query_scalar(
            "INSERT INTO sync_runs (location, started_at, state) VALUES (?, ?, 'in_progress') RETURNING id",
        )
        .bind(location)
        .bind(now)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET sync_state = 'in_progress', sync_run = ?, sync_started_at = ?, sync_progress = NULL,
                 next_sync_at = ?2
             WHERE id = ?3",
        )
        .bind(run)
        .bind(now)
        .bind(location)
        .execute(&mut *tx)
        .await?;
        let known: Vec<(i64, String, String, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT id, adam_id, pricing_param, digest FROM assets WHERE location = ? AND stage = 1 ORDER BY id",
        )
        .bind(location)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let known = known
            .into_iter()
            .map(|(id, adam_id, pricing_param, digest)| KnownAsset {
                id: AssetId(id),
                key: AssetKey {
                    adam_id,
                    pricing_param,
                },
                digest: digest.as_deref().and_then(Digest::from_bytes),
            });
        Ok(known.collect())
    }

    async fn sync_progress(&self, fence: &Fence, progress: SyncProgress) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET sync_progress = ? WHERE id = ?")
            .bind(json(&progress)?)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn deleted_assets(&self, location: &LocationId) -> Result<HashSet<AssetKey>> {
        let keys: Vec<(String, String)> =
            sqlx::query_as("SELECT adam_id, pricing_param FROM deleted_assets WHERE location = ?")
                .bind(location.as_str())
                .fetch_all(&self.readers)
                .await?;
        let key = |(adam_id, pricing_param)| AssetKey {
            adam_id,
            pricing_param,
        };
        Ok(keys.into_iter().map(key).collect())
    }

    async fn insert_assets(
        &self,
        fence: &Fence,
        assets: &[AppleAsset],
        _now: UnixMillis,
    ) -> Result<Vec<AssetId>> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'assets'")
            .fetch_optional(&mut *tx)
            .await?;
        let ids = (last.unwrap_or(0) + 1..).take(assets.len());
        let input: Vec<_> = ids
            .clone()
            .zip(assets)
            .map(|(id, asset)| AssetInput::new(id, asset))
            .collect();
        sqlx::query(
            "INSERT INTO assets (id, location, stage, adam_id, pricing_param, product, assigned, available, retired,
                 total, unlimited, device_assignable, revocable, platforms, name, sort_name, search)
             SELECT value ->> 'id', ?1, 0, value ->> 'adam', value ->> 'pricing', value ->> 'product',
                 value ->> 'assigned', value ->> 'available', value ->> 'retired', value ->> 'total',
                 value ->> 'unlimited', value ->> 'device', value ->> 'revocable', value ->> 'platforms',
                 value ->> 'adam', lower(value ->> 'adam'), lower(value ->> 'adam')
             FROM json_each(?2)",
        )
        .bind(fence.location.as_str())
        .bind(json(&input)?)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM deleted_assets WHERE location = ?1 AND (adam_id, pricing_param) IN (
                 SELECT value ->> 'adam', value ->> 'pricing' FROM json_each(?2))",
        )
        .bind(fence.location.as_str())
        .bind(json(&input)?)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(ids.map(AssetId).collect())
    }

    async fn insert_found_licenses(
        &self,
        fence: &Fence,
        found: &[(AssetId, Holder)],
        now: UnixMillis,
    ) -> Result<()> {
        let mut groups = groups(found.iter().map(|(asset, holder)| (asset.0, holder)));
        // In the order of the table and of its index by holder.
        groups.values_mut().for_each(|ids| ids.sort_unstable());
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let assets: BTreeSet<_> = groups.keys().map(|(asset, _)| *asset).collect();
        let arriving: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM json_each(?) j CROSS JOIN assets a ON a.id = j.value
             WHERE a.location = ? AND a.stage = 0",
        )
        .bind(json(&assets)?)
        .bind(fence.location.as_str())
        .fetch_one(&mut *tx)
        .await?;
        if arriving < assets.len() as i64 {
            return Err(StoreError::NotFound);
        }
        if found.len() >= groups.len() * MANY {
            for ((asset, kind), ids) in groups {
                sqlx::query(
                    "INSERT OR IGNORE INTO licenses (asset, holder, kind, state, since)
                     SELECT ?1, value, ?2, 2, ?3 FROM json_each(?4)",
                )
                .bind(asset)
                .bind(kind)
                .bind(now)
                .bind(json(&ids)?)
                .execute(&mut *tx)
                .await?;
            }
        } else {
            let rows: Vec<_> = groups
                .iter()
                .flat_map(|((asset, kind), ids)| ids.iter().map(move |id| (asset, id, kind)))
                .collect();
            sqlx::query(
                "INSERT OR IGNORE INTO licenses (asset, holder, kind, state, since)
                 SELECT value ->> 0, value ->> 1, value ->> 2, 2, ?1 FROM json_each(?2)",
            )
            .bind(now)
            .bind(json(&rows)?)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await
    }

    async fn correct_licenses(
        &self,
        fence: &Fence,
        asset: AssetId,
        holders: &[Holder],
        now: UnixMillis,
    ) -> Result<Corrected> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let shown: Option<(i64,)> =
            sqlx::query_as("SELECT 1 FROM assets WHERE id = ? AND location = ? AND stage < 2")
                .bind(asset.0)
                .bind(fence.location.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        shown.ok_or(StoreError::NotFound)?;
        let corrected = correct_to(&mut tx, asset, holders, now).await?;
        tx.commit().await?;
        Ok(corrected)
    }

    async fn publish_sync(&self, fence: &Fence, publish: &Publish) -> Result<()> {
        let location = fence.location.as_str();
        let input: Vec<_> = publish
            .assets
            .iter()
            .map(|(id, asset)| AssetInput::new(id.0, asset))
            .collect();
        let digests: Vec<_> = publish
            .digests
            .iter()
            .map(|(id, digest)| {
                (
                    id.0,
                    digest
                        .to_bytes()
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect::<String>(),
                )
            })
            .collect();
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE assets SET (listed, found) = (SELECT count(*), count(*) FROM licenses x WHERE x.asset = assets.id)
             WHERE location = ? AND stage = 0",
        )
        .bind(location)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE assets SET stage = 1, product = j.product, assigned = j.assigned, available = j.available,
                 retired = j.retired, total = j.total, unlimited = j.unlimited, device_assignable = j.device,
                 revocable = j.revocable, platforms = j.platforms
             FROM (SELECT value ->> 'id' AS id, value ->> 'product' AS product, value ->> 'assigned' AS assigned,
                     value ->> 'available' AS available, value ->> 'retired' AS retired, value ->> 'total' AS total,
                     value ->> 'unlimited' AS unlimited, value ->> 'device' AS device,
                     value ->> 'revocable' AS revocable, value ->> 'platforms' AS platforms FROM json_each(?2)) j
             WHERE assets.id = j.id AND assets.location = ?1 AND assets.stage < 2
                 AND (assets.stage, assets.product, assets.assigned, assets.available, assets.retired, assets.total,
                     assets.unlimited, assets.device_assignable, assets.revocable, assets.platforms)
                     <> (1, j.product, j.assigned, j.available, j.retired, j.total, j.unlimited, j.device, j.revocable,
                     j.platforms)",
        )
        .bind(location)
        .bind(json(&input)?)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE assets SET digest = j.digest
             FROM (SELECT value ->> 0 AS id, unhex(value ->> 1) AS digest FROM json_each(?2)) j
             WHERE assets.id = j.id AND assets.location = ?1 AND assets.digest IS NOT j.digest",
        )
        .bind(location)
        .bind(json(&digests)?)
        .execute(&mut *tx)
        .await?;
        let ids: Vec<_> = publish.assets.iter().map(|(id, _)| id.0).collect();
        remove_assets_but(&mut tx, &fence.location, &json(&ids)?, publish.finished_at).await?;
        recount(&mut tx, &fence.location).await?;
        take_back_again(&mut tx, &fence.location).await?;
        sqlx::query(
            "UPDATE sync_runs SET state = 'completed', finished_at = ?, app_errors = ?, assets = ?, assignments = ?,
                 added = ?, removed = ?
             WHERE id = (SELECT sync_run FROM locations WHERE id = ?)",
        )
        .bind(publish.finished_at)
        .bind(publish.app_errors)
        .bind(publish.assets.len() as i64)
        .bind(publish.assignments)
        .bind(publish.added)
        .bind(publish.removed)
        .bind(location)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET sync_state = 'completed', sync_finished_at = ?1, sync_app_errors = ?2, synced_at = ?1,
                 sync_progress = NULL, sync_fault = NULL, next_sync_at = ?1 + sync_hours * 3600000,
                 describe_at = ifnull(describe_at, ?1 + 86400000)
             WHERE id = ?3",
        )
        .bind(publish.finished_at)
        .bind(publish.app_errors)
        .bind(location)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn fail_sync(
        &self,
        fence: &Fence,
        fault: &Fault,
        now: UnixMillis,
        next_at: UnixMillis,
    ) -> Result<()> {
        let fault = json(fault)?;
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE sync_runs SET state = 'failed', finished_at = ?, fault = ?
             WHERE id = (SELECT sync_run FROM locations WHERE id = ?) AND state = 'in_progress'",
        )
        .bind(now)
        .bind(&fault)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET sync_state = 'failed', sync_finished_at = ?, sync_fault = ?, sync_progress = NULL,
                 next_sync_at = CASE WHEN next_sync_at > sync_started_at THEN next_sync_at ELSE ? END
             WHERE id = ?",
        )
        .bind(now)
        .bind(&fault)
        .bind(next_at)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn sync_state(&self, location: &LocationId) -> Result<SyncState> {
        let sql = format!("SELECT {SYNC} FROM locations l WHERE l.id = ?");
        let row: SyncRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_one(&self.readers)
            .await?;
        row.try_into()
    }
}

/// What Apple no longer lists goes with its licences; the row stays, since the ledger and past operations name it.
async fn remove_assets_but(tx: &mut Write, location: &LocationId, kept: &str, now: UnixMillis) -> Result<()> {
    let gone: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM assets WHERE location = ? AND stage < 2 AND id NOT IN (SELECT value FROM json_each(?))",
    )
    .bind(location.as_str())
    .bind(kept)
    .fetch_all(&mut **tx)
    .await?;
    if gone.is_empty() {
        return Ok(());
    }
    let gone = json(&gone)?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind)
         SELECT ?1, CASE x.state WHEN 0 THEN 11 ELSE 1 END, x.asset, x.holder, x.kind
         FROM json_each(?2) j CROSS JOIN licenses x ON x.asset = j.value CROSS JOIN assets a ON a.id = x.asset
         WHERE x.state IN (0, 2, 3) AND a.stage = 1",
    )
    .bind(now)
    .bind(&gone)
    .execute(&mut **tx)
    .await?;
    for sql in [
        "DELETE FROM licenses WHERE asset IN (SELECT value FROM json_each(?))",
        "DELETE FROM lost_licenses WHERE asset IN (SELECT value FROM json_each(?))",
    ] {
        sqlx::query(sql).bind(&gone).execute(&mut **tx).await?;
    }
    sqlx::query(
        "UPDATE assets SET stage = 2, pending = 0, waiting = 0, listed = 0, found = 0, given = 0, lost = 0,
             digest = NULL
         WHERE id IN (SELECT value FROM json_each(?))",
    )
    .bind(&gone)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What Apple refused to take back may be tried again by the assignments, rules and people that want it to go.
async fn take_back_again(tx: &mut Write, location: &LocationId) -> Result<()> {
    let assets: BTreeSet<i64> = sqlx::query_scalar(
        "UPDATE licenses INDEXED BY licenses_not_taken_back SET error_number = NULL, error_message = NULL
         WHERE state = 2 AND error_number IS NOT NULL AND asset IN (SELECT id FROM assets WHERE location = ?)
         RETURNING asset",
    )
    .bind(location.as_str())
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .collect();
    sqlx::query(
        "INSERT INTO plan_queue (asset, stamp, not_before) SELECT value, 1, 0 FROM json_each(?) WHERE true
         ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1",
    )
    .bind(json(&assets)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
