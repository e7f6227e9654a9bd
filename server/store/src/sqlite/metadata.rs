use super::{Commit, Sqlite, json};
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

#[async_trait]
impl Metadata for Sqlite {
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
        tx.commit().await
    }

    async fn described(&self, fence: &Fence, next_at: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET describe_at = ? WHERE id = ?")
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
        tx.commit().await
    }
}
