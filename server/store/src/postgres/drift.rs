use super::{Commit, Pairs, Postgres, Write, lock_locations};
use crate::{
    Result,
    cursor::{Walk, push_keys},
    drift::{Adoption, Drift, Drifted},
    numbers,
    operations::Pair,
    rows::{
        self,
        drift::{DRIFT, DriftRecord, DriftedRecord, HOLDER, HOLDER_ORDER, HolderRecord, LIST_ORDER},
    },
    text::{fold, prefix_end, storable},
};
use async_trait::async_trait;
use contract::{
    AssetId, OperationId, Page,
    drift::{DriftHolder, DriftHolderQuery, DriftQuery, DriftRow, DriftScope, Side},
};
use sqlx::QueryBuilder;

type Sql = QueryBuilder<sqlx::Postgres>;

/// As in the partial index of assets.
const DRIFTED: &str = "a.stage = 1 AND (a.found > 0 OR a.lost > 0)";

#[async_trait]
impl Drift for Postgres {
    async fn drift_list(&self, query: &DriftQuery) -> Result<Page<DriftRow>> {
        let walk = Walk::new(&query.page, LIST_ORDER)?;
        let mut sql = Sql::new(format!(
            "SELECT {DRIFT} FROM assets a JOIN locations l ON l.id = a.location WHERE {DRIFTED}"
        ));
        if let Some(location) = &query.location {
            sql.push(" AND a.location = ")
                .push_bind(storable(location.as_str()));
        }
        let search = fold(&query.search);
        if !search.is_empty() {
            sql.push(" AND strpos(a.search, ").push_bind(search).push(") > 0");
        }
        walk.push_from(&mut sql, "a.sort_name, a.id");
        walk.push_order(&mut sql, &["a.sort_name", "a.id"]);
        let records: Vec<DriftRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        rows::page(walk.page(records, None, DriftRecord::key))
    }

    async fn drift_holders(&self, query: &DriftHolderQuery) -> Result<Page<DriftHolder>> {
        let walk = Walk::new(&query.page, HOLDER_ORDER)?;
        let (table, at, releasing, known) = match query.side {
            Side::Apple => (
                "licenses",
                "since",
                "x.state = 3",
                " AND x.state IN (2, 3) AND x.operation IS NULL",
            ),
            Side::Pomona => ("lost_licenses", "lost_at", "false", ""),
        };
        let mut sql = Sql::new(format!(
            "SELECT {HOLDER} FROM (SELECT x.asset, x.holder, x.kind, x.operation, x.{at} AS at,
                 {releasing} AS releasing, a.sort_name AS name
             FROM assets a JOIN {table} x ON x.asset = a.id WHERE {DRIFTED}{known}"
        ));
        if let Some(asset) = query.asset {
            sql.push(" AND a.id = ").push_bind(asset.0);
        }
        if let Some(location) = &query.location {
            sql.push(" AND a.location = ")
                .push_bind(storable(location.as_str()));
        }
        let holder = storable(&query.holder);
        if !holder.is_empty() {
            sql.push(" AND x.holder >= ").push_bind(holder.clone());
            if let Some(end) = prefix_end(&holder) {
                sql.push(" AND x.holder < ").push_bind(end);
            }
        }
        match (query.asset, walk.from()) {
            (Some(_), Some([_, _, holder, kind])) => {
                sql.push(" AND (x.holder, x.kind)").push(walk.beyond()).push("(");
                push_keys(&mut sql, &[holder.clone(), kind.clone()]);
                sql.push(")");
                walk.push_order(&mut sql, &["x.holder", "x.kind"]);
            }
            (Some(_), _) => walk.push_order(&mut sql, &["x.holder", "x.kind"]),
            (None, _) => {
                let columns = ["a.sort_name", "a.id", "x.holder", "x.kind"];
                walk.push_from(&mut sql, &columns.join(", "));
                walk.push_order(&mut sql, &columns);
            }
        }
        sql.push(
            ") x JOIN assets a ON a.id = x.asset JOIN locations l ON l.id = a.location
             LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0
             LEFT JOIN operations o ON o.number = x.operation",
        );
        walk.push_order(&mut sql, &["x.name", "x.asset", "x.holder", "x.kind"]);
        let records: Vec<HolderRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        rows::page(walk.page(records, None, HolderRecord::key))
    }

    async fn drifted(&self, scope: &DriftScope, side: Side) -> Result<Vec<Drifted>> {
        let mut sql = Sql::new("SELECT a.location, count(*) AS licenses, count(DISTINCT a.id) AS apps");
        push_licenses(&mut sql, scope, side);
        sql.push(" GROUP BY a.location ORDER BY a.location");
        let records: Vec<DriftedRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        Ok(records.into_iter().map(Drifted::from).collect())
    }

    async fn lost_licenses(&self, scope: &DriftScope) -> Result<Vec<Pair>> {
        let mut sql = Sql::new("SELECT x.asset, x.holder, x.kind");
        push_licenses(&mut sql, scope, Side::Pomona);
        sql.push(" ORDER BY x.asset, x.holder, x.kind");
        let lost: Vec<(i64, String, i16)> = sql.build_query_as().fetch_all(&self.pool).await?;
        Ok(lost
            .into_iter()
            .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind.into(), holder)))
            .collect())
    }

    async fn adopt(&self, adoptions: &[Adoption]) -> Result<Vec<OperationId>> {
        let mut tx = self.write(Commit::Durable).await?;
        let locations: Vec<_> = adoptions
            .iter()
            .map(|adoption| adoption.location.as_str())
            .collect();
        lock_locations(&mut tx, &locations).await?;
        let mut written = Vec::new();
        for adoption in adoptions {
            if adopt(&mut tx, adoption).await? {
                written.push(adoption.id.clone());
            }
        }
        // Nothing was settled, so nothing is written down.
        if !written.is_empty() {
            tx.commit().await?;
        }
        Ok(written)
    }
}

/// ` FROM … WHERE …`: the licences `x` of assets `a` that one side alone knows of.
fn push_licenses(sql: &mut Sql, scope: &DriftScope, side: Side) {
    sql.push(match side {
        Side::Apple => {
            " FROM assets a JOIN licenses x ON x.asset = a.id AND x.state = 2 AND x.operation IS NULL"
        }
        Side::Pomona => " FROM assets a JOIN lost_licenses x ON x.asset = a.id",
    });
    sql.push(" WHERE a.stage = 1");
    match scope {
        DriftScope::Licenses { licenses } => {
            let pairs = Pairs::of(licenses.iter().map(|(asset, holder)| (*asset, holder)));
            let holders: Vec<String> = pairs.holders.iter().map(|holder| storable(holder)).collect();
            sql.push(" AND (x.asset, x.holder, x.kind) IN (SELECT * FROM unnest(")
                .push_bind(pairs.assets)
                .push("::bigint[], ");
            sql.push_bind(holders).push("::text[], ");
            sql.push_bind(pairs.kinds).push("::bigint[]))");
        }
        DriftScope::Asset { asset } => {
            sql.push(" AND a.id = ").push_bind(asset.0);
        }
        DriftScope::Location { location } => {
            sql.push(" AND a.location = ")
                .push_bind(storable(location.as_str()));
        }
    }
}

/// Answers whether there was anything to adopt.
async fn adopt(tx: &mut Write, adoption: &Adoption) -> Result<bool> {
    sqlx::query("TRUNCATE pg_temp.pairs").execute(&mut **tx).await?;
    let mut sql =
        Sql::new("INSERT INTO pg_temp.pairs (asset, holder, kind) SELECT x.asset, x.holder, x.kind");
    push_licenses(&mut sql, &adoption.scope, adoption.side);
    sql.push(" AND a.location = ")
        .push_bind(adoption.location.as_str().to_owned());
    if sql.build().execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO operations (id, location, kind, state, account, \"by\", reason, created_at, finished_at, assets,
             asset, total, done, waiting)
         SELECT $1, $2, $7, 'done', $3, $4, $5, $6, $6, count(DISTINCT asset),
             CASE count(DISTINCT asset) WHEN 1 THEN min(asset) END, count(*), count(*), 0 FROM pg_temp.pairs
         RETURNING number",
    )
    .bind(adoption.id.as_str())
    .bind(adoption.location.as_str())
    .bind(adoption.account.as_str())
    .bind(storable(&adoption.by))
    .bind(storable(&adoption.reason))
    .bind(adoption.created_at)
    .bind(adoption.kind().as_str())
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO items (operation, asset, holder, kind, state)
         SELECT $1, asset, holder, kind, 2 FROM pg_temp.pairs",
    )
    .bind(number)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, operation)
         SELECT $1, $2, asset, holder, kind, $3 FROM pg_temp.pairs ORDER BY asset, holder, kind",
    )
    .bind(adoption.created_at)
    .bind(match adoption.side {
        Side::Apple => 8_i64,
        Side::Pomona => 9,
    })
    .bind(number)
    .execute(&mut **tx)
    .await?;
    const SAME: &str = "x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind AND $1 IS NOT NULL";
    let (change, sums) = match adoption.side {
        Side::Apple => (
            format!("UPDATE licenses x SET operation = $1 FROM pg_temp.pairs p WHERE {SAME}"),
            "found = a.found - p.number, given = a.given + p.number",
        ),
        Side::Pomona => (
            format!("DELETE FROM lost_licenses x USING pg_temp.pairs p WHERE {SAME}"),
            "lost = a.lost - p.number",
        ),
    };
    sqlx::query(sqlx::AssertSqlSafe(change))
        .persistent(false)
        .bind(number)
        .execute(&mut **tx)
        .await?;
    let sql = format!(
        "UPDATE assets a SET {sums}, given_at = $1
         FROM (SELECT asset, count(*) AS number FROM pg_temp.pairs GROUP BY asset) p WHERE a.id = p.asset"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(adoption.created_at)
        .execute(&mut **tx)
        .await?;
    Ok(true)
}
