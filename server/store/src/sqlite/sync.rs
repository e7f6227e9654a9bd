use super::{Commit, Sqlite, Write, groups, json, recount};
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
        Ok(tx.commit().await?)
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
        Ok(tx.commit().await?)
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
        Ok(tx.commit().await?)
    }

    async fn sync_state(&self, location: &LocationId) -> Result<SyncState> {
        let sql = format!("SELECT {SYNC} FROM locations l WHERE l.id = ?");
        let row: SyncRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_one(&self.readers)
            .await?;
        row.try_into()
    }

    async fn assets_to_describe(
        &self,
        fence: &Fence,
        older_than: UnixMillis,
        limit: u32,
    ) -> Result<Vec<(AssetId, AssetKey, ProductType, Vec<String>)>> {
        let assets: Vec<(i64, String, String, i64, String)> = sqlx::query_as(
            "SELECT id, adam_id, pricing_param, product, platforms FROM assets
             WHERE location = ? AND stage < 2 AND (looked_at IS NULL OR looked_at < ?)
             ORDER BY looked_at IS NOT NULL, looked_at, id LIMIT ?",
        )
        .bind(fence.location.as_str())
        .bind(older_than)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let asset = |(id, adam_id, pricing_param, product, platforms): (i64, String, String, i64, String)| {
            let key = AssetKey {
                adam_id,
                pricing_param,
            };
            Ok((
                AssetId(id),
                key,
                rows::number(product)?,
                split_platforms(&platforms),
            ))
        };
        assets.into_iter().map(asset).collect()
    }

    async fn undescribed(&self, fence: &Fence, assets: &[AssetId], at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE assets SET looked_at = ? WHERE location = ? AND id IN (SELECT value FROM json_each(?))",
        )
        .bind(at)
        .bind(fence.location.as_str())
        .bind(json(assets)?)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn described(&self, fence: &Fence, next_at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET describe_at = ? WHERE id = ?")
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
        sqlx::query(
            "INSERT INTO asset_versions (asset, seen_at, version, external_id)
             SELECT a.id, ?3, j.version, j.external
             FROM (SELECT value ->> 'id' AS id, value ->> 'version' AS version, value ->> 'external' AS external
                 FROM json_each(?2)) j CROSS JOIN assets a ON a.id = j.id
             WHERE a.location = ?1 AND j.version <> ''
                 AND (a.version <> j.version OR a.external_id <> j.external)
             ON CONFLICT DO NOTHING",
        )
        .bind(fence.location.as_str())
        .bind(json(&metadata)?)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE assets SET name = CASE j.name WHEN '' THEN assets.adam_id ELSE j.name END,
                 sort_name = CASE j.name WHEN '' THEN assets.adam_id ELSE j.sort END, search = j.search,
                 publisher = j.publisher, icon = j.icon, bundle_id = j.bundle, version = j.version, price = j.price,
                 genre = j.genre, store_url = j.store, minimum_os = j.os, custom = j.custom,
                 external_id = j.external, looked_at = ?3, described_at = ?3,
                 removed = j.removed, missing_since = CASE WHEN j.removed THEN ifnull(missing_since, ?3) END
             FROM (SELECT value ->> 'id' AS id, value ->> 'name' AS name, value ->> 'sort' AS sort,
                     value ->> 'search' AS search, value ->> 'publisher' AS publisher, value ->> 'icon' AS icon,
                     value ->> 'bundle' AS bundle, value ->> 'version' AS version, value ->> 'price' AS price,
                     value ->> 'genre' AS genre, value ->> 'store' AS store, value ->> 'os' AS os,
                     value ->> 'custom' AS custom, value ->> 'external' AS external,
                     value ->> 'removed' AS removed FROM json_each(?2)) j
             WHERE assets.id = j.id AND assets.location = ?1",
        )
        .bind(fence.location.as_str())
        .bind(json(&metadata)?)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE assets SET looked_at = ?1, removed = 0, missing_since = ifnull(missing_since, ?1)
             WHERE location = ?2 AND id IN (SELECT value FROM json_each(?3))",
        )
        .bind(now)
        .bind(fence.location.as_str())
        .bind(json(&missing)?)
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
    sqlx::query("DELETE FROM temp.found").execute(&mut **tx).await?;
    for ((_, kind), ids) in groups(holders.iter().map(|holder| (asset.0, holder))) {
        sqlx::query("INSERT OR IGNORE INTO temp.found (holder, kind) SELECT value, ? FROM json_each(?)")
            .bind(kind)
            .bind(json(&ids)?)
            .execute(&mut **tx)
            .await?;
    }
    let corrected = correct(tx, asset, now).await?;
    sqlx::query("UPDATE assets SET digest = ?2 WHERE id = ?1 AND digest IS NOT ?2")
        .bind(asset.0)
        .bind(digest.to_bytes().to_vec())
        .execute(&mut **tx)
        .await?;
    Ok(corrected)
}

/// Makes the asset's licences what `temp.found` says.
async fn correct(tx: &mut Write, asset: AssetId, now: UnixMillis) -> Result<Corrected> {
    // What appears: missing here, or waiting, released or failed.
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    let appeared = sqlx::query(
        "INSERT INTO temp.pairs (asset, holder, kind, state)
         SELECT ?1, f.holder, f.kind, x.state FROM temp.found f
         LEFT JOIN licenses x ON x.asset = ?1 AND x.holder = f.holder AND x.kind = f.kind
         WHERE x.state IS NULL OR x.state IN (0, 4, 5)",
    )
    .bind(asset.0)
    .execute(&mut **tx)
    .await?;
    // What goes: held here, not there.
    let gone = sqlx::query(
        "INSERT INTO temp.pairs (asset, holder, kind, state, outcome)
         SELECT ?1, x.holder, x.kind, x.state, 1 FROM licenses x
         WHERE x.asset = ?1 AND x.state = 2
             AND NOT EXISTS (SELECT 1 FROM temp.found f WHERE f.holder = x.holder AND f.kind = x.kind)",
    )
    .bind(asset.0)
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
        "SELECT ifnull(sum(state = 0), 0), ifnull(sum(state IS NULL) - sum(outcome), 0) FROM temp.pairs",
    )
    .fetch_one(&mut **tx)
    .await?;
    for sql in [
        "UPDATE assets SET waiting = waiting - ?, listed = listed + ? WHERE id = ?",
        "UPDATE locations SET waiting = waiting - ?, listed = listed + ?
         WHERE id = (SELECT location FROM assets WHERE id = ?)",
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

/// What appeared at Apple (`outcome` 0) and what is gone there (1), by `temp.pairs`: licences and ledger.
pub async fn write_found(tx: &mut Write, now: UnixMillis) -> Result<()> {
    // The sums of S5 and S6, by what the licences were before.
    sqlx::query(
        "UPDATE assets SET found = assets.found + p.found, given = assets.given + p.given, lost = assets.lost - p.given,
             given_at = CASE p.given_changes WHEN 0 THEN given_at ELSE ? END
         FROM (SELECT p.asset, sum(CASE WHEN p.outcome = 0 AND g.asset IS NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NULL THEN -1 ELSE 0 END) AS found,
                 sum(CASE WHEN p.outcome = 0 AND g.asset IS NOT NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NOT NULL THEN -1 ELSE 0 END) AS given,
                 sum(p.outcome = 0 AND g.asset IS NOT NULL OR p.outcome = 1 AND x.operation IS NOT NULL)
                     AS given_changes
             FROM temp.pairs p
             LEFT JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
             LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
             GROUP BY p.asset) p
         WHERE assets.id = p.asset",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    // What was lost and is back is ours as before; all else that appears is of unknown origin.
    sqlx::query(
        "INSERT INTO licenses (asset, holder, kind, state, since, operation)
         SELECT p.asset, p.holder, p.kind, 2, ifnull(g.given_at, ?), g.operation FROM temp.pairs p
         LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
         WHERE p.outcome = 0
         ON CONFLICT (asset, holder, kind) DO UPDATE SET state = 2, since = excluded.since,
             operation = excluded.operation, error_number = NULL, error_message = NULL",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM lost_licenses
         WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 0)",
    )
    .execute(&mut **tx)
    .await?;
    // S5: what was given here is not forgotten.
    sqlx::query(
        "INSERT INTO lost_licenses (asset, holder, kind, operation, given_at, lost_at)
         SELECT x.asset, x.holder, x.kind, x.operation, x.since, ? FROM temp.pairs p
         CROSS JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
         WHERE p.outcome = 1 AND x.operation IS NOT NULL",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses
         WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 1)",
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind) SELECT ?, outcome, asset, holder, kind FROM temp.pairs",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
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
         SELECT ?1, 1, x.asset, x.holder, x.kind
         FROM json_each(?2) j CROSS JOIN licenses x ON x.asset = j.value CROSS JOIN assets a ON a.id = x.asset
         WHERE x.state IN (2, 3) AND a.stage = 1",
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
