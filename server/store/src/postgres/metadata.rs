use super::{Commit, Postgres, json};
use crate::{
    Result,
    inputs::MetadataInput,
    locations::Fence,
    metadata::{AssetMetadata, Metadata},
    rows::{self, assets::split_platforms},
    sync::AssetKey,
};
use async_trait::async_trait;
use contract::{AssetId, UnixMillis, catalog::ProductType};
use sqlx::AssertSqlSafe;

/// The metadata of `$2`.
const METADATA: &str = "json_to_recordset($2::json) AS j (id bigint, name text, sort text, search text,
    publisher text, icon text, bundle text, version text, price text, genre text, store text, os text,
    custom boolean, external bigint, removed boolean)";

#[async_trait]
impl Metadata for Postgres {
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
        tx.commit().await
    }

    async fn described(&self, fence: &Fence, next_at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET describe_at = $1 WHERE id = $2")
            .bind(next_at)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
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
        tx.commit().await
    }
}
