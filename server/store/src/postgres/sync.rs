use super::{Commit, Pairs, Postgres, Write, json, recount};
use crate::{
    Result, StoreError,
    inputs::{AssetInput, MetadataInput},
    licenses::{Digest, HolderRef},
    locations::Fence,
    rows::{
        self,
        assets::split_platforms,
        tokens::{SYNC, SyncRecord},
    },
    sync::{AppleAsset, AssetKey, AssetMetadata, Corrected, KnownAsset, Publish, Sync},
};
use async_trait::async_trait;
use contract::{
    AssetId, Fault, LocationId, UnixMillis,
    catalog::ProductType,
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

/// The metadata of `$2`.
const METADATA: &str = "json_to_recordset($2::json) AS j (id bigint, name text, sort text, search text,
    publisher text, icon text, bundle text, version text, price text, genre text, store text, os text,
    custom boolean, external bigint, removed boolean)";

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
        Ok(tx.commit().await?)
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
        Ok(tx.commit().await?)
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
        Ok(tx.commit().await?)
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
        Ok(tx.commit().await?)
    }

    async fn sync_state(&self, location: &LocationId) -> Result<SyncState> {
        let sql = format!("SELECT {SYNC} FROM locations l WHERE l.id = $1");
        let row: SyncRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_one(&self.pool)
            .await?;
        row.try_into()
    }

    async fn assets_to_describe(
        &self,
        fence: &Fence,
        older_than: UnixMillis,
        limit: u32,
    ) -> Result<Vec<(AssetId, AssetKey, ProductType, Vec<String>)>> {
        let assets: Vec<(i64, String, String, i16, String)> = sqlx::query_as(
            "SELECT id, adam_id, pricing_param, product, platforms FROM assets
             WHERE location = $1 AND stage < 2 AND (looked_at IS NULL OR looked_at < $2)
             ORDER BY looked_at IS NOT NULL, looked_at, id LIMIT $3",
        )
        .bind(fence.location.as_str())
        .bind(older_than)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let asset = |(id, adam_id, pricing_param, product, platforms): (i64, String, String, i16, String)| {
            let key = AssetKey {
                adam_id,
                pricing_param,
            };
            Ok((
                AssetId(id),
                key,
                rows::number(product.into())?,
                split_platforms(&platforms),
            ))
        };
        assets.into_iter().map(asset).collect()
    }

    async fn undescribed(&self, fence: &Fence, assets: &[AssetId], at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE assets SET looked_at = $1 WHERE location = $2 AND id = ANY($3)")
            .bind(at)
            .bind(fence.location.as_str())
            .bind(assets.iter().map(|asset| asset.0).collect::<Vec<_>>())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn described(&self, fence: &Fence, next_at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET describe_at = $1 WHERE id = $2")
            .bind(next_at)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn describe_assets(
        &self,
        fence: &Fence,
        described: &[(AssetId, Option<AssetMetadata>)],
        now: UnixMillis,
    ) -> Result<()> {
        let metadata: Vec<_> = described
            .iter()
            .filter_map(|(id, metadata)| Some(MetadataInput::new(*id, metadata.as_ref()?)))
            .collect();
        let missing: Vec<_> = described
            .iter()
            .filter(|(_, metadata)| metadata.is_none())
            .map(|(id, _)| id.0)
            .collect();
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let sql = format!(
            "INSERT INTO asset_versions (asset, seen_at, version, external_id)
             SELECT a.id, $3, j.version, j.external FROM {METADATA} JOIN assets a ON a.id = j.id
             WHERE a.location = $1 AND j.version <> ''
                 AND (a.version <> j.version OR a.external_id <> j.external)
             ON CONFLICT DO NOTHING"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(json(&metadata)?)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        let sql = format!(
            "UPDATE assets a SET name = CASE j.name WHEN '' THEN a.adam_id ELSE j.name END,
                 sort_name = CASE j.name WHEN '' THEN a.adam_id ELSE j.sort END, search = j.search,
                 publisher = j.publisher, icon = j.icon, bundle_id = j.bundle, version = j.version, price = j.price,
                 genre = j.genre, store_url = j.store, minimum_os = j.os, custom = j.custom,
                 external_id = j.external, looked_at = $3, described_at = $3,
                 removed = j.removed, missing_since = CASE WHEN j.removed THEN coalesce(a.missing_since, $3) END
             FROM {METADATA}
             WHERE a.id = j.id AND a.location = $1"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(json(&metadata)?)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE assets SET looked_at = $1, removed = false, missing_since = coalesce(missing_since, $1)
             WHERE location = $2 AND id = ANY($3)",
        )
        .bind(now)
        .bind(fence.location.as_str())
        .bind(missing)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

/// Makes the asset's licences those of `holders`, the whole set, and keeps their digest.
pub async fn correct_to(
    tx: &mut Write,
    asset: AssetId,
    holders: &[Holder],
    now: UnixMillis,
) -> Result<Corrected> {
    let mut digest = Digest::default();
    holders
        .iter()
        .for_each(|holder| digest.add(HolderRef::from(holder)));
    sqlx::query("DELETE FROM pg_temp.pairs")
        .execute(&mut **tx)
        .await?;
    let found = Pairs::of(holders.iter().map(|holder| (asset, holder)));
    let corrected = correct(tx, asset, found, now).await?;
    sqlx::query("UPDATE assets SET digest = $2 WHERE id = $1 AND digest IS DISTINCT FROM $2")
        .bind(asset.0)
        .bind(digest.to_bytes().to_vec())
        .execute(&mut **tx)
        .await?;
    Ok(corrected)
}

/// Makes the asset's licences what `found` says, by way of `pg_temp.pairs`, where `outcome` is 0 for what appears and 1
/// for what goes.
async fn correct(tx: &mut Write, asset: AssetId, found: Pairs<'_>, now: UnixMillis) -> Result<Corrected> {
    // What appears: missing here, or waiting, released or failed.
    let appeared = sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, state)
         SELECT $1, f.holder, f.kind, x.state
         FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::bigint[])) f (holder, kind)
         LEFT JOIN licenses x ON x.asset = $1 AND x.holder = f.holder AND x.kind = f.kind
         WHERE x.state IS NULL OR x.state IN (0, 4, 5)",
    )
    .bind(asset.0)
    .bind(&found.holders)
    .bind(&found.kinds)
    .execute(&mut **tx)
    .await?;
    // What goes: held here, not there.
    let gone = sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, state, outcome)
         SELECT $1, x.holder, x.kind, x.state, 1 FROM licenses x
         WHERE x.asset = $1 AND x.state = 2
             AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::bigint[]) AS f (holder, kind)
                 WHERE f.holder = x.holder AND f.kind = x.kind)",
    )
    .bind(asset.0)
    .bind(&found.holders)
    .bind(&found.kinds)
    .execute(&mut **tx)
    .await?;
    let corrected = Corrected {
        added: appeared.rows_affected() as i64,
        removed: gone.rows_affected() as i64,
    };
    if corrected == Corrected::default() {
        return Ok(corrected);
    }
    write_found(tx, now).await?;
    let (waited, listed): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state = 0),
             count(*) FILTER (WHERE state IS NULL) - count(*) FILTER (WHERE outcome = 1) FROM pg_temp.pairs",
    )
    .fetch_one(&mut **tx)
    .await?;
    for sql in [
        "UPDATE assets SET waiting = waiting - $1, listed = listed + $2 WHERE id = $3",
        "UPDATE locations SET waiting = waiting - $1, listed = listed + $2
         WHERE id = (SELECT location FROM assets WHERE id = $3)",
    ] {
        sqlx::query(sql)
            .bind(waited)
            .bind(listed)
            .bind(asset.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(corrected)
}

/// What appeared at Apple (`outcome` 0) and what is gone there (1), by `pg_temp.pairs`: licences and ledger.
pub async fn write_found(tx: &mut Write, now: UnixMillis) -> Result<()> {
    // The sums of S5 and S6, by what the licences were before.
    sqlx::query(
        "UPDATE assets a SET found = a.found + p.found, given = a.given + p.given, lost = a.lost - p.given,
             given_at = CASE p.given_changes WHEN 0 THEN a.given_at ELSE $1 END
         FROM (SELECT p.asset, sum(CASE WHEN p.outcome = 0 AND g.asset IS NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NULL THEN -1 ELSE 0 END) AS found,
                 sum(CASE WHEN p.outcome = 0 AND g.asset IS NOT NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NOT NULL THEN -1 ELSE 0 END) AS given,
                 count(*) FILTER (WHERE p.outcome = 0 AND g.asset IS NOT NULL
                     OR p.outcome = 1 AND x.operation IS NOT NULL) AS given_changes
             FROM pg_temp.pairs p
             LEFT JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
             LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
             GROUP BY p.asset) p
         WHERE a.id = p.asset",
    )
    .bind(now)
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    // What was lost and is back is ours as before; all else that appears is of unknown origin.
    sqlx::query(
        "INSERT INTO licenses (asset, holder, kind, state, since, operation)
         SELECT p.asset, p.holder, p.kind, 2, coalesce(g.given_at, $1), g.operation FROM pg_temp.pairs p
         LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
         WHERE p.outcome = 0
         ON CONFLICT (asset, holder, kind) DO UPDATE SET state = 2, since = excluded.since,
             operation = excluded.operation, error_number = NULL, error_message = NULL",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM lost_licenses g USING pg_temp.pairs p
         WHERE g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind AND p.outcome = 0",
    )
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    // S5: what was given here is not forgotten.
    sqlx::query(
        "INSERT INTO lost_licenses (asset, holder, kind, operation, given_at, lost_at)
         SELECT x.asset, x.holder, x.kind, x.operation, x.since, $1 FROM pg_temp.pairs p
         JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
         WHERE p.outcome = 1 AND x.operation IS NOT NULL",
    )
    .bind(now)
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses x USING pg_temp.pairs p
         WHERE x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind AND p.outcome = 1",
    )
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind)
         SELECT $1, outcome, asset, holder, kind FROM pg_temp.pairs ORDER BY asset, holder, kind",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
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
         SELECT $1, 1, x.asset, x.holder, x.kind FROM licenses x JOIN assets a ON a.id = x.asset
         WHERE a.id = ANY($2) AND x.state IN (2, 3) AND a.stage = 1 ORDER BY x.asset, x.holder, x.kind",
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
