use super::{Commit, Postgres, lock_locations, recount};
use crate::{
    Result, StoreError,
    catalog::{Catalog, StockAsset},
    cursor::Walk,
    numbers::Number,
    rows::{
        self,
        assets::{
            ASSET, AssetDetailRecord, AssetRecord, COUNTED_AT, DETAIL, PRODUCT, PRODUCT_LEVEL, ProductRecord,
            order, product_order,
        },
    },
    text::{containing, fold, storable},
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, LocationId, Page, UnixMillis,
    catalog::{AssetDetail, AssetQuery, AssetRow, ProductRow, VersionRow},
};
use sqlx::{AssertSqlSafe, QueryBuilder};
use std::collections::HashMap;

#[async_trait]
impl Catalog for Postgres {
    async fn asset_list(&self, query: &AssetQuery) -> Result<Page<AssetRow>> {
        let (order, column) = order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let filters = Filters::new(query);
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT {ASSET} FROM assets a JOIN locations l ON l.id = a.location WHERE a.stage = 1"
        ));
        filters.push(&mut sql);
        walk.push_from(&mut sql, &format!("{column}, a.id"));
        walk.push_order(&mut sql, &[column, "a.id"]);
        let records: Vec<AssetRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match filters.plain() && walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = QueryBuilder::new("SELECT coalesce(sum(");
                sql.push(if query.product.number() == 0 {
                    "apps"
                } else {
                    "books"
                });
                sql.push("), 0)::bigint FROM locations");
                if let Some(location) = &query.location {
                    sql.push(" WHERE id = ").push_bind(location.as_str().to_owned());
                }
                sql.build_query_scalar().fetch_one(&mut *tx).await?
            }
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn product_list(&self, query: &AssetQuery) -> Result<Page<ProductRow>> {
        let (order, column) = product_order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let filters = Filters::new(query);
        let mut sql = QueryBuilder::new(format!(
            "SELECT {PRODUCT} FROM (SELECT min(a.id) AS first, bool_or(a.unlimited) AS unlimited, count(*) AS locations,
                 count(a.missing_since) AS missing,
                 sum(a.total)::bigint AS total, sum(a.assigned)::bigint AS assigned, sum(a.available)::bigint AS available,
                 sum(a.retired)::bigint AS retired, sum(a.pending)::bigint AS pending, sum(a.waiting)::bigint AS waiting,
                 min({COUNTED_AT}) AS counted_at
                 FROM assets a JOIN locations l ON l.id = a.location WHERE a.stage = 1"
        ));
        filters.push_but_level(&mut sql);
        sql.push(" GROUP BY a.adam_id, a.pricing_param) g JOIN assets a ON a.id = g.first WHERE 1 = 1");
        if let Some(level) = query.level {
            sql.push(format!(" AND {PRODUCT_LEVEL} = "))
                .push_bind(level.as_str());
        }
        walk.push_from(&mut sql, &format!("{column}, a.id"));
        walk.push_order(&mut sql, &[column, "a.id"]);
        let records: Vec<ProductRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        rows::page(walk.page(records, None, |row| row.key(query.sort)))
    }

    async fn asset_detail(&self, id: AssetId) -> Result<AssetDetail> {
        let sql = format!(
            "SELECT {ASSET}, {DETAIL} FROM assets a JOIN locations l ON l.id = a.location
             WHERE a.id = $1 AND a.stage = 1"
        );
        let row: Option<AssetDetailRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await?;
        let mut detail: AssetDetail = row.ok_or(StoreError::NotFound)?.try_into()?;
        let versions: Vec<(String, i64)> = sqlx::query_as(
            "SELECT version, seen_at FROM asset_versions WHERE asset = $1 ORDER BY seen_at DESC LIMIT 20",
        )
        .bind(id.0)
        .fetch_all(&self.pool)
        .await?;
        detail.versions = versions
            .into_iter()
            .map(|(version, seen_at)| VersionRow { version, seen_at })
            .collect();
        Ok(detail)
    }

    async fn assets(&self, ids: &[AssetId]) -> Result<Vec<StockAsset>> {
        let sql = format!(
            "SELECT {ASSET}, {DETAIL} FROM assets a JOIN locations l ON l.id = a.location
             WHERE a.id = ANY($1) AND a.stage = 1"
        );
        let wanted: Vec<_> = ids.iter().map(|id| id.0).collect();
        let records: Vec<AssetDetailRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(wanted)
            .fetch_all(&self.pool)
            .await?;
        let assets: Vec<StockAsset> = rows::all(records)?;
        let mut by_id: HashMap<_, _> = assets.into_iter().map(|asset| (asset.id, asset)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    async fn location_names(
        &self,
        most: u32,
        always: Option<&LocationId>,
    ) -> Result<Vec<(LocationId, String)>> {
        let names: Vec<(String, String)> = sqlx::query_as(
            "SELECT id, name FROM (
                 SELECT * FROM (SELECT l.id, l.name, l.sort_name FROM locations l
                     WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.location = l.id)
                     ORDER BY l.sort_name, l.id LIMIT $1) first
                 UNION SELECT l.id, l.name, l.sort_name FROM locations l
                     WHERE l.id = $2 AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = l.id)) found
             ORDER BY sort_name, id",
        )
        .bind(i64::from(most))
        .bind(always.map(LocationId::as_str))
        .fetch_all(&self.pool)
        .await?;
        Ok(names.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }

    async fn delete_asset(&self, id: AssetId, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let location: String = sqlx::query_scalar("SELECT location FROM assets WHERE id = $1 AND stage = 1")
            .bind(id.0)
            .fetch_one(&mut *tx)
            .await?;
        lock_locations(&mut tx, &[&location]).await?;
        let empty: bool = sqlx::query_scalar(
            "SELECT NOT unlimited AND assigned <= 0 AND available <= 0 AND pending <= 0 AND waiting <= 0 FROM assets
             WHERE id = $1",
        )
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await?;
        if !empty {
            return Err(StoreError::Taken(Code::AssetInUse));
        }
        sqlx::query(
            "INSERT INTO deleted_assets (location, adam_id, pricing_param, deleted_at)
             SELECT location, adam_id, pricing_param, $1 FROM assets WHERE id = $2 ON CONFLICT DO NOTHING",
        )
        .bind(now)
        .bind(id.0)
        .execute(&mut *tx)
        .await?;
        for sql in [
            "DELETE FROM licenses WHERE asset = $1",
            "DELETE FROM lost_licenses WHERE asset = $1",
            "UPDATE assets SET stage = 2, listed = 0, found = 0, given = 0, lost = 0, digest = NULL WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id.0).execute(&mut *tx).await?;
        }
        recount(&mut tx, &location.into()).await?;
        tx.commit().await
    }
}

struct Filters<'a> {
    query: &'a AssetQuery,
    search: String,
}

impl<'a> Filters<'a> {
    fn new(query: &'a AssetQuery) -> Self {
        Self {
            query,
            search: fold(&query.search),
        }
    }

    /// Only by what the locations' sums tell apart.
    fn plain(&self) -> bool {
        let query = self.query;
        self.search.is_empty()
            && query.platform.is_empty()
            && query.custom.is_none()
            && query.level.is_none()
            && !query.missing
    }

    fn push(&self, sql: &mut QueryBuilder<sqlx::Postgres>) {
        self.push_but_level(sql);
        if let Some(level) = self.query.level {
            sql.push(" AND a.level = ").push_bind(level.as_str());
        }
    }

    fn push_but_level(&self, sql: &mut QueryBuilder<sqlx::Postgres>) {
        let query = self.query;
        sql.push(" AND a.product = ").push_bind(query.product.number());
        if !self.search.is_empty() {
            sql.push(" AND (a.search LIKE ")
                .push_bind(containing(&self.search));
            if self.search.bytes().all(|byte| byte.is_ascii_digit()) {
                sql.push(" OR a.adam_id = ").push_bind(self.search.clone());
            }
            sql.push(")");
        }
        if let Some(location) = &query.location {
            sql.push(" AND a.location = ")
                .push_bind(location.as_str().to_owned());
        }
        if !query.platform.is_empty() {
            sql.push(" AND strpos(',' || a.platforms || ',', ',' || ")
                .push_bind(storable(&query.platform));
            sql.push(" || ',') > 0");
        }
        if let Some(custom) = query.custom {
            sql.push(" AND a.custom = ").push_bind(custom);
        }
        if query.missing {
            sql.push(" AND a.missing_since IS NOT NULL");
        }
    }
}
