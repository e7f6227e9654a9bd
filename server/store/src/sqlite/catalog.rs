use super::{Commit, Sqlite, Write, json, recount};
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
    text::fold,
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, LocationId, Page, UnixMillis,
    catalog::{AssetDetail, AssetQuery, AssetRow, AssetSort, ProductRow, VersionRow},
};
use sqlx::{AssertSqlSafe, QueryBuilder};
use std::collections::HashMap;

/// Up to so many assets of a location are sorted; of more, an index is walked in the list's order.
const FEW: i64 = 2000;

#[async_trait]
impl Catalog for Sqlite {
    async fn asset_list(&self, query: &AssetQuery) -> Result<Page<AssetRow>> {
        let (order, column) = order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let filters = Filters::new(query);
        let mut tx = self.read().await?;
        // The keys first, from an index alone where possible; then the rows of one page.
        let mut sql = QueryBuilder::new(format!(
            "SELECT {ASSET} FROM (SELECT a.id AS key_id, {column} AS key_sort FROM assets a {} WHERE a.stage = 1",
            filters.index(&mut tx).await?
        ));
        filters.push(&mut sql);
        walk.push_from(&mut sql, &format!("{column}, a.id"));
        walk.push_order(&mut sql, &[column, "a.id"]);
        sql.push(") k CROSS JOIN assets a ON a.id = k.key_id JOIN locations l ON l.id = a.location");
        walk.push_order(&mut sql, &["k.key_sort", "k.key_id"]);
        let records: Vec<AssetRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match filters.plain() && walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = QueryBuilder::new("SELECT ifnull(sum(");
                sql.push(if query.product.number() == 0 {
                    "apps"
                } else {
                    "books"
                });
                sql.push("), 0) FROM locations");
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
            "SELECT {PRODUCT} FROM (SELECT min(a.id) AS first, max(a.unlimited) AS unlimited, count(*) AS locations,
                 count(a.missing_since) AS missing,
                 sum(a.total) AS total, sum(a.assigned) AS assigned, sum(a.available) AS available,
                 sum(a.retired) AS retired, sum(a.pending) AS pending, sum(a.waiting) AS waiting,
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
        let records: Vec<ProductRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        rows::page(walk.page(records, None, |row| row.key(query.sort)))
    }

    async fn asset_detail(&self, id: AssetId) -> Result<AssetDetail> {
        let sql = format!(
            "SELECT {ASSET}, {DETAIL} FROM assets a JOIN locations l ON l.id = a.location
             WHERE a.id = ? AND a.stage = 1"
        );
        let row: Option<AssetDetailRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        let mut detail: AssetDetail = row.ok_or(StoreError::NotFound)?.try_into()?;
        let versions: Vec<(String, i64)> = sqlx::query_as(
            "SELECT version, seen_at FROM asset_versions WHERE asset = ? ORDER BY seen_at DESC LIMIT 20",
        )
        .bind(id.0)
        .fetch_all(&self.readers)
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
             WHERE a.id IN (SELECT value FROM json_each(?)) AND a.stage = 1"
        );
        let records: Vec<AssetDetailRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(ids)?)
            .fetch_all(&self.readers)
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
                     ORDER BY l.sort_name, l.id LIMIT ?1) first
                 UNION SELECT l.id, l.name, l.sort_name FROM locations l
                     WHERE l.id = ?2 AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = l.id)) found
             ORDER BY sort_name, id",
        )
        .bind(most)
        .bind(always.map(LocationId::as_str))
        .fetch_all(&self.readers)
        .await?;
        Ok(names.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }

    async fn delete_asset(&self, id: AssetId, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let location: String = sqlx::query_scalar("SELECT location FROM assets WHERE id = ? AND stage = 1")
            .bind(id.0)
            .fetch_one(&mut *tx)
            .await?;
        let empty: bool = sqlx::query_scalar(
            "SELECT NOT unlimited AND assigned <= 0 AND available <= 0 AND pending <= 0 AND waiting <= 0 FROM assets
             WHERE id = ?",
        )
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await?;
        if !empty {
            return Err(StoreError::Taken(Code::AssetInUse));
        }
        sqlx::query(
            "INSERT INTO deleted_assets (location, adam_id, pricing_param, deleted_at)
             SELECT location, adam_id, pricing_param, ? FROM assets WHERE id = ? ON CONFLICT DO NOTHING",
        )
        .bind(now)
        .bind(id.0)
        .execute(&mut *tx)
        .await?;
        for sql in [
            "DELETE FROM licenses WHERE asset = ?",
            "DELETE FROM lost_licenses WHERE asset = ?",
            "UPDATE assets SET stage = 2, listed = 0, found = 0, given = 0, lost = 0, digest = NULL WHERE id = ?",
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

    /// The index to read; SQLite knows neither how rare a word is nor how large a location. None: it chooses by the
    /// order alone.
    async fn index(&self, tx: &mut Write) -> Result<&'static str> {
        let query = self.query;
        if let Some(location) = &query.location {
            let assets: Option<i64> = sqlx::query_scalar("SELECT apps + books FROM locations WHERE id = ?")
                .bind(location.as_str())
                .fetch_optional(&mut **tx)
                .await?;
            if assets.unwrap_or(0) <= FEW {
                return Ok("INDEXED BY assets_of_location");
            }
        }
        let searched = !self.search.is_empty() || !query.platform.is_empty() || query.custom.is_some();
        Ok(match (searched, query.level, query.sort) {
            _ if query.location.is_some() => "",
            (false, Some(_), AssetSort::Name) => "INDEXED BY assets_by_level",
            (false, None, _) => "",
            _ => "INDEXED BY assets_by_search",
        })
    }

    fn push(&self, sql: &mut QueryBuilder<sqlx::Sqlite>) {
        self.push_but_level(sql);
        if let Some(level) = self.query.level {
            sql.push(" AND a.level = ").push_bind(level.as_str());
        }
    }

    fn push_but_level(&self, sql: &mut QueryBuilder<sqlx::Sqlite>) {
        let query = self.query;
        // Written out, so that SQLite sees which partial indexes apply.
        sql.push(format!(" AND a.product = {}", query.product.number()));
        if !self.search.is_empty() {
            sql.push(" AND (instr(a.search, ")
                .push_bind(self.search.clone())
                .push(") > 0");
            if self.search.bytes().all(|byte| byte.is_ascii_digit()) {
                sql.push(" OR a.id IN (SELECT id FROM assets WHERE stage = 1 AND adam_id = ");
                sql.push_bind(self.search.clone()).push(")");
            }
            sql.push(")");
        }
        if let Some(location) = &query.location {
            sql.push(" AND a.location = ")
                .push_bind(location.as_str().to_owned());
        }
        if !query.platform.is_empty() {
            sql.push(" AND instr(',' || a.platforms || ',', ',' || ")
                .push_bind(query.platform.clone());
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
