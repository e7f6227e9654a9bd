use super::{Commit, Sqlite, Write, corrections, groups, json, recount};
use crate::{
    Result, StoreError,
    checks::{Checks, Doubt, Stock, Versions, Watch},
    inputs::AssetInput,
    licenses::{Digest, HolderRef},
    locations::Fence,
    operations::Pair,
    rows::{
        self,
        checks::{STOCK, StockRecord},
    },
    sync::{AppleAsset, AssetKey, Corrected},
};
use async_trait::async_trait;
use contract::{AssetId, LocationId, UnixMillis, licenses::Holder};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// Assets of the location `?1` with licences that Apple is at work on.
const BUSY: &str = "SELECT j.value FROM batches b INDEXED BY batches_open CROSS JOIN json_each(b.assets) j
    WHERE b.location = ?1 AND b.state < 3 AND b.state > 0";

#[async_trait]
impl Checks for Sqlite {
    async fn watch(&self, location: &LocationId) -> Result<Watch> {
        let (check_at, assets, assignments): (Option<i64>, Option<String>, Option<String>) = sqlx::query_as(
            "SELECT check_at, assets_version, assignments_version FROM locations WHERE id = ?",
        )
        .bind(location.as_str())
        .fetch_one(&self.readers)
        .await?;
        Ok(Watch {
            check_at,
            versions: Versions { assets, assignments },
        })
    }

    async fn keep_watch(
        &self,
        fence: &Fence,
        versions: &Versions,
        counts_from: Option<UnixMillis>,
        check_at: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE locations SET assets_version = ?, assignments_version = ?, counts_from = ifnull(?, counts_from),
                 check_at = ?
             WHERE id = ?",
        )
        .bind(&versions.assets)
        .bind(&versions.assignments)
        .bind(counts_from)
        .bind(check_at)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn check_later(&self, fence: &Fence, check_at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET check_at = ? WHERE id = ?")
            .bind(check_at)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn stocks(&self, fence: &Fence) -> Result<Vec<Stock>> {
        let sql = format!(
            "SELECT {STOCK}, a.id IN ({BUSY}) AS in_flight FROM assets a WHERE a.location = ?1 AND a.stage = 1 ORDER BY a.id"
        );
        let records: Vec<StockRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn assets_lacking(&self, fence: &Fence, pairs: &[Pair]) -> Result<Vec<AssetId>> {
        let mut lacking = Vec::new();
        for ((asset, kind), ids) in groups(pairs.iter().map(|(asset, holder)| (asset.0, holder))) {
            let lacks: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM json_each(?3) j CROSS JOIN assets a ON a.id = ?1 AND a.location = ?4
                 LEFT JOIN licenses x ON x.asset = ?1 AND x.holder = j.value AND x.kind = ?2
                 WHERE x.state IS NULL OR x.state NOT IN (1, 2, 3))",
            )
            .bind(asset)
            .bind(kind)
            .bind(json(&ids)?)
            .bind(fence.location.as_str())
            .fetch_one(&self.readers)
            .await?;
            if lacks && lacking.last() != Some(&AssetId(asset)) {
                lacking.push(AssetId(asset));
            }
        }
        Ok(lacking)
    }

    async fn add_doubts(&self, fence: &Fence, doubts: &[Doubt], now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        add(&mut tx, fence, doubts, now).await?;
        tx.commit().await
    }

    async fn doubts(&self, fence: &Fence, now: UnixMillis, limit: u32) -> Result<Vec<(Doubt, i64)>> {
        let sql = format!(
            "SELECT d.adam_id, d.pricing_param, d.holders, d.tries FROM doubts d
             WHERE d.location = ?1 AND d.not_before <= ?2 AND NOT EXISTS (SELECT 1 FROM assets a
                 WHERE a.location = ?1 AND a.adam_id = d.adam_id AND a.pricing_param = d.pricing_param AND a.stage = 1
                     AND a.id IN ({BUSY}))
             ORDER BY d.not_before, d.adam_id, d.pricing_param LIMIT ?3"
        );
        let doubts: Vec<(String, String, bool, i64)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(now)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        let doubts = doubts
            .into_iter()
            .map(|(adam_id, pricing_param, holders, tries)| {
                let key = AssetKey {
                    adam_id,
                    pricing_param,
                };
                (Doubt { key, holders }, tries)
            });
        Ok(doubts.collect())
    }

    async fn doubt_later(&self, fence: &Fence, key: Option<&AssetKey>, not_before: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE doubts SET not_before = max(not_before, ?1), tries = tries + (?3 IS NOT NULL)
             WHERE location = ?2 AND adam_id = ifnull(?3, adam_id) AND pricing_param = ifnull(?4, pricing_param)",
        )
        .bind(not_before)
        .bind(fence.location.as_str())
        .bind(key.map(|key| &key.adam_id))
        .bind(key.map(|key| &key.pricing_param))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn drop_doubt(&self, fence: &Fence, key: &AssetKey) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        settle(&mut tx, fence, key).await?;
        tx.commit().await
    }

    async fn refresh_asset(
        &self,
        fence: &Fence,
        id: AssetId,
        asset: &AppleAsset,
        holders: Option<&[Holder]>,
        counts_from: UnixMillis,
        now: UnixMillis,
    ) -> Result<Corrected> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let changed = sqlx::query(
            "UPDATE assets SET product = value ->> 'product', assigned = value ->> 'assigned',
                 available = value ->> 'available', retired = value ->> 'retired', total = value ->> 'total',
                 unlimited = value ->> 'unlimited', device_assignable = value ->> 'device',
                 revocable = value ->> 'revocable', platforms = value ->> 'platforms', counts_from = ?2
             FROM json_each(json_array(json(?3))) WHERE assets.id = ?1 AND location = ?4 AND stage = 1",
        )
        .bind(id.0)
        .bind(counts_from)
        .bind(json(&AssetInput::new(id.0, asset))?)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        let corrected = match holders {
            Some(holders) => corrections::correct_to(&mut tx, id, holders, now).await?,
            None => Corrected::default(),
        };
        settle(&mut tx, fence, &asset.key).await?;
        recount(&mut tx, &fence.location).await?;
        tx.commit().await?;
        Ok(corrected)
    }

    async fn add_asset(
        &self,
        fence: &Fence,
        asset: &AppleAsset,
        holders: &[Holder],
        counts_from: UnixMillis,
        now: UnixMillis,
    ) -> Result<AssetId> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        remove_half_read(&mut tx, fence, &asset.key).await?;
        let mut digest = Digest::default();
        let distinct: BTreeSet<_> = holders.iter().collect();
        distinct
            .iter()
            .for_each(|holder| digest.add(HolderRef::from(*holder)));
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO assets (location, stage, adam_id, pricing_param, product, assigned, available, retired,
                 total, unlimited, device_assignable, revocable, platforms, name, sort_name, search, listed, found,
                 digest, counts_from)
             SELECT ?1, 1, value ->> 'adam', value ->> 'pricing', value ->> 'product', value ->> 'assigned',
                 value ->> 'available', value ->> 'retired', value ->> 'total', value ->> 'unlimited',
                 value ->> 'device', value ->> 'revocable', value ->> 'platforms', value ->> 'adam',
                 lower(value ->> 'adam'), lower(value ->> 'adam'), ?3, ?3, ?4, ?5
             FROM json_each(json_array(json(?2))) RETURNING id",
        )
        .bind(fence.location.as_str())
        .bind(json(&AssetInput::new(0, asset))?)
        .bind(digest.count)
        .bind(digest.to_bytes().to_vec())
        .bind(counts_from)
        .fetch_one(&mut *tx)
        .await?;
        for ((_, kind), ids) in groups(distinct.into_iter().map(|holder| (id, holder))) {
            sqlx::query(
                "INSERT INTO licenses (asset, holder, kind, state, since) SELECT ?1, value, ?2, 2, ?3 FROM json_each(?4)",
            )
            .bind(id)
            .bind(kind)
            .bind(now)
            .bind(json(&ids)?)
            .execute(&mut *tx)
            .await?;
        }
        sqlx::query("DELETE FROM deleted_assets WHERE location = ? AND adam_id = ? AND pricing_param = ?")
            .bind(fence.location.as_str())
            .bind(&asset.key.adam_id)
            .bind(&asset.key.pricing_param)
            .execute(&mut *tx)
            .await?;
        settle(&mut tx, fence, &asset.key).await?;
        recount(&mut tx, &fence.location).await?;
        tx.commit().await?;
        Ok(AssetId(id))
    }
}

pub async fn add(tx: &mut Write, fence: &Fence, doubts: &[Doubt], now: UnixMillis) -> Result<()> {
    for doubt in doubts {
        sqlx::query(
            "INSERT INTO doubts (location, adam_id, pricing_param, holders, not_before) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (location, adam_id, pricing_param) DO UPDATE SET holders = max(holders, excluded.holders)",
        )
        .bind(fence.location.as_str())
        .bind(&doubt.key.adam_id)
        .bind(&doubt.key.pricing_param)
        .bind(doubt.holders)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Who has these assets at Apple is no longer known: a sync passed some of their licences over while they were being taken
/// back. They are read again.
pub async fn doubt_holders(tx: &mut Write, assets: &[i64], now: UnixMillis) -> Result<()> {
    if assets.is_empty() {
        return Ok(());
    }
    let assets = json(&assets)?;
    sqlx::query("UPDATE assets SET digest = NULL WHERE id IN (SELECT value FROM json_each(?))")
        .bind(&assets)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO doubts (location, adam_id, pricing_param, holders, not_before)
         SELECT location, adam_id, pricing_param, true, ? FROM assets
         WHERE stage = 1 AND id IN (SELECT value FROM json_each(?))
         ON CONFLICT (location, adam_id, pricing_param) DO UPDATE SET holders = true",
    )
    .bind(now)
    .bind(&assets)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The assets of `temp.pairs` with this outcome.
pub async fn assets_of_pairs(tx: &mut Write, outcome: i64) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT asset FROM temp.pairs WHERE outcome = ?";
    Ok(sqlx::query_scalar(sql).bind(outcome).fetch_all(&mut **tx).await?)
}

async fn settle(tx: &mut Write, fence: &Fence, key: &AssetKey) -> Result<()> {
    sqlx::query("DELETE FROM doubts WHERE location = ? AND adam_id = ? AND pricing_param = ?")
        .bind(fence.location.as_str())
        .bind(&key.adam_id)
        .bind(&key.pricing_param)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What an interrupted sync left of it, out of sight.
async fn remove_half_read(tx: &mut Write, fence: &Fence, key: &AssetKey) -> Result<()> {
    let left: Option<i64> = sqlx::query_scalar(
        "DELETE FROM assets WHERE location = ? AND adam_id = ? AND pricing_param = ? AND stage = 0 RETURNING id",
    )
    .bind(fence.location.as_str())
    .bind(&key.adam_id)
    .bind(&key.pricing_param)
    .fetch_optional(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM licenses WHERE asset = ?")
        .bind(left)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
