use super::{Commit, Pairs, Postgres, Write, corrections::correct_to, json, recount};
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

/// Runs that are kept of each location.
const RUNS: i64 = 30;

/// The assets of `$2`.
const ASSETS: &str = "json_to_recordset($2::json) AS j (id bigint, adam text, pricing text, product smallint,
    assigned bigint, available bigint, retired bigint, total bigint, unlimited boolean, device boolean,
    revocable boolean, platforms text)";

#[async_trait]
impl Sync for Postgres {
    async fn begin_sync(&self, fence: &Fence, now: UnixMillis) -> Result<Vec<KnownAsset>> {
        let location = fence.location.as_str();
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "DELETE FROM licenses WHERE asset IN (SELECT id FROM assets WHERE location = $1 AND stage = 0)",
        )
        .bind(location)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM assets WHERE location = $1 AND stage = 0")
            .bind(location)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM sync_runs WHERE location = $1 AND (state = 'in_progress'
                 OR id <= (SELECT id FROM sync_runs WHERE location = $1 ORDER BY id DESC LIMIT 1 OFFSET $2))",
        )
        .bind(location)
        .bind(RUNS)
        .execute(&mut *tx)
        .await?;
        let run: i64 = sqlx::query_scalar(
            "INSERT INTO sync_runs (location, started_at, state) VALUES ($1, $2, 'in_progress') RETURNING id",
        )
        .bind(location)
        .bind(now)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET sync_state = 'in_progress', sync_run = $1, sync_started_at = $2,
                 sync_progress = NULL, next_sync_at = $2
             WHERE id = $3",
        )
        .bind(run)
        .bind(now)
        .bind(location)
        .execute(&mut *tx)
        .await?;
        let known: Vec<(i64, String, String, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT id, adam_id, pricing_param, digest FROM assets WHERE location = $1 AND stage = 1 ORDER BY id",
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
        sqlx::query("UPDATE locations SET sync_progress = $1 WHERE id = $2")
            .bind(serde_json::to_string(&progress)?)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn deleted_assets(&self, location: &LocationId) -> Result<HashSet<AssetKey>> {
        let keys: Vec<(String, String)> =
            sqlx::query_as("SELECT adam_id, pricing_param FROM deleted_assets WHERE location = $1")
                .bind(location.as_str())
                .fetch_all(&self.pool)
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
        let mut ids: Vec<i64> = sqlx::query_scalar(
            "SELECT nextval(pg_get_serial_sequence('assets', 'id')) FROM generate_series(1, $1)",
        )
        .bind(assets.len() as i64)
        .fetch_all(&mut *tx)
        .await?;
        ids.sort_unstable();
        let input: Vec<_> = ids
            .iter()
            .zip(assets)
            .map(|(id, asset)| AssetInput::new(*id, asset))
            .collect();
        let sql = format!(
            "INSERT INTO assets (id, location, stage, adam_id, pricing_param, product, assigned, available, retired,
                 total, unlimited, device_assignable, revocable, platforms, name, sort_name, search)
             SELECT id, $1, 0, adam, pricing, product, assigned, available, retired, total, unlimited, device,
                 revocable, platforms, adam, lower(adam), lower(adam)
             FROM {ASSETS}"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(json(&input)?)
            .execute(&mut *tx)
            .await?;
        let sql = format!(
            "DELETE FROM deleted_assets d USING {ASSETS}
             WHERE d.location = $1 AND d.adam_id = j.adam AND d.pricing_param = j.pricing"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(json(&input)?)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(ids.into_iter().map(AssetId).collect())
    }

    async fn insert_found_licenses(
        &self,
        fence: &Fence,
        found: &[(AssetId, Holder)],
        now: UnixMillis,
    ) -> Result<()> {
        let assets: BTreeSet<_> = found.iter().map(|(asset, _)| asset.0).collect();
        let pairs = Pairs::of(found.iter().map(|(asset, holder)| (*asset, holder)));
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let arriving: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM assets WHERE id = ANY($1) AND location = $2 AND stage = 0",
        )
        .bind(assets.iter().copied().collect::<Vec<_>>())
        .bind(fence.location.as_str())
        .fetch_one(&mut *tx)
        .await?;
        if arriving != assets.len() as i64 {
            return Err(StoreError::NotFound);
        }
        sqlx::query(
            "INSERT INTO licenses (asset, holder, kind, state, since)
             SELECT asset, holder, kind, 2, $4
             FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS j (asset, holder, kind)
             ON CONFLICT DO NOTHING",
        )
        .bind(pairs.assets)
        .bind(pairs.holders)
        .bind(pairs.kinds)
        .bind(now)
        .execute(&mut *tx)
        .await?;
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
        sqlx::query("SELECT FROM assets WHERE id = $1 AND location = $2 AND stage < 2")
            .bind(asset.0)
            .bind(fence.location.as_str())
            .fetch_one(&mut *tx)
            .await?;
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
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE assets SET (listed, found) = (SELECT count(*), count(*) FROM licenses x WHERE x.asset = assets.id)
             WHERE location = $1 AND stage = 0",
        )
        .bind(location)
        .execute(&mut *tx)
        .await?;
        let sql = format!(
            "UPDATE assets a SET stage = 1, product = j.product, assigned = j.assigned, available = j.available,
                 retired = j.retired, total = j.total, unlimited = j.unlimited, device_assignable = j.device,
                 revocable = j.revocable, platforms = j.platforms
             FROM {ASSETS}
             WHERE a.id = j.id AND a.location = $1 AND a.stage < 2
                 AND (a.stage, a.product, a.assigned, a.available, a.retired, a.total, a.unlimited,
                     a.device_assignable, a.revocable, a.platforms)
                     <> (1, j.product, j.assigned, j.available, j.retired, j.total, j.unlimited, j.device, j.revocable,
                     j.platforms)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(location)
            .bind(json(&input)?)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE assets a SET digest = j.digest FROM unnest($2::bigint[], $3::bytea[]) AS j (id, digest)
             WHERE a.id = j.id AND a.location = $1 AND a.digest IS DISTINCT FROM j.digest",
        )
        .bind(location)
        .bind(publish.digests.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind(
            publish
                .digests
                .iter()
                .map(|(_, digest)| digest.to_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .execute(&mut *tx)
        .await?;
        let kept = publish.assets.iter().map(|(id, _)| id.0).collect();
        remove_assets_but(&mut tx, &fence.location, kept, publish.finished_at).await?;
        recount(&mut tx, &fence.location).await?;
        take_back_again(&mut tx, &fence.location).await?;
        sqlx::query(
            "UPDATE sync_runs SET state = 'completed', finished_at = $1, app_errors = $2, assets = $3,
                 assignments = $4, added = $5, removed = $6
             WHERE id = (SELECT sync_run FROM locations WHERE id = $7)",
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
            "UPDATE locations SET sync_state = 'completed', sync_finished_at = $1, sync_app_errors = $2,
                 synced_at = $1, sync_progress = NULL, sync_fault = NULL, next_sync_at = $1 + sync_hours * 3600000,
                 describe_at = coalesce(describe_at, $1 + 86400000)
             WHERE id = $3",
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
        let fault = serde_json::to_string(fault)?;
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE sync_runs SET state = 'failed', finished_at = $1, fault = $2
             WHERE id = (SELECT sync_run FROM locations WHERE id = $3) AND state = 'in_progress'",
        )
        .bind(now)
        .bind(&fault)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET sync_state = 'failed', sync_finished_at = $1, sync_fault = $2,
                 sync_progress = NULL,
                 next_sync_at = CASE WHEN next_sync_at > sync_started_at THEN next_sync_at ELSE $3 END
             WHERE id = $4",
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
        let sql = format!("SELECT {SYNC} FROM locations l WHERE l.id = $1");
        let row: SyncRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_one(&self.pool)
            .await?;
        row.try_into()
    }
}

/// What Apple no longer lists goes with its licences; the row stays, since the ledger and past operations name it.
async fn remove_assets_but(
    tx: &mut Write,
    location: &LocationId,
    kept: Vec<i64>,
    now: UnixMillis,
) -> Result<()> {
    let gone: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM assets WHERE location = $1 AND stage < 2
                 AND NOT EXISTS (SELECT FROM unnest($2::bigint[]) AS j (id) WHERE j.id = assets.id)",
    )
    .bind(location.as_str())
    .bind(kept)
    .fetch_all(&mut **tx)
    .await?;
    if gone.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind)
         SELECT $1, CASE x.state WHEN 0 THEN 11 ELSE 1 END, x.asset, x.holder, x.kind
         FROM licenses x JOIN assets a ON a.id = x.asset
         WHERE a.id = ANY($2) AND x.state IN (0, 2, 3) AND a.stage = 1 ORDER BY x.asset, x.holder, x.kind",
    )
    .bind(now)
    .bind(&gone)
    .execute(&mut **tx)
    .await?;
    for sql in [
        "DELETE FROM licenses WHERE asset = ANY($1)",
        "DELETE FROM lost_licenses WHERE asset = ANY($1)",
    ] {
        sqlx::query(sql).bind(&gone).execute(&mut **tx).await?;
    }
    sqlx::query(
        "UPDATE assets SET stage = 2, pending = 0, waiting = 0, listed = 0, found = 0, given = 0, lost = 0,
             digest = NULL WHERE id = ANY($1)",
    )
    .bind(&gone)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What Apple refused to take back may be tried again by the assignments, rules and people that want it to go.
async fn take_back_again(tx: &mut Write, location: &LocationId) -> Result<()> {
    sqlx::query(
        "WITH refused AS (
             UPDATE licenses SET error_number = NULL, error_message = NULL
             WHERE state = 2 AND error_number IS NOT NULL AND asset IN (SELECT id FROM assets WHERE location = $1)
             RETURNING asset
         )
         INSERT INTO plan_queue AS q (asset, stamp, not_before)
         SELECT DISTINCT asset, 1, 0 FROM refused ORDER BY asset
         ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1",
    )
    .bind(location.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
