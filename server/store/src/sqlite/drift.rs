use super::{Commit, Sqlite, Write, json};
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
    text::{fold, prefix_end},
};
use async_trait::async_trait;
use contract::{
    AssetId, OperationId, Page,
    drift::{DriftHolder, DriftHolderQuery, DriftQuery, DriftRow, DriftScope, Side},
};
use sqlx::QueryBuilder;

type Sql = QueryBuilder<sqlx::Sqlite>;

/// As in the partial index of assets.
const DRIFTED: &str = "a.stage = 1 AND (a.found > 0 OR a.lost > 0)";

#[async_trait]
impl Drift for Sqlite {
    async fn drift_list(&self, query: &DriftQuery) -> Result<Page<DriftRow>> {
        let walk = Walk::new(&query.page, LIST_ORDER)?;
        let mut sql = Sql::new(format!(
            "SELECT {DRIFT} FROM assets a INDEXED BY assets_drifted CROSS JOIN locations l ON l.id = a.location
             WHERE {DRIFTED}"
        ));
        if let Some(location) = &query.location {
            sql.push(" AND a.location = ")
                .push_bind(location.as_str().to_owned());
        }
        let search = fold(&query.search);
        if !search.is_empty() {
            sql.push(" AND instr(a.search, ").push_bind(search).push(") > 0");
        }
        walk.push_from(&mut sql, "a.sort_name, a.id");
        walk.push_order(&mut sql, &["a.sort_name", "a.id"]);
        let records: Vec<DriftRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        rows::page(walk.page(records, None, DriftRecord::key))
    }

    async fn drift_holders(&self, query: &DriftHolderQuery) -> Result<Page<DriftHolder>> {
        let walk = Walk::new(&query.page, HOLDER_ORDER)?;
        let index = match query.asset {
            Some(_) => "",
            None => "INDEXED BY assets_drifted",
        };
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
             FROM assets a {index} CROSS JOIN {table} x ON x.asset = a.id WHERE {DRIFTED}{known}"
        ));
        if let Some(asset) = query.asset {
            sql.push(" AND a.id = ").push_bind(asset.0);
        }
        if let Some(location) = &query.location {
            sql.push(" AND a.location = ")
                .push_bind(location.as_str().to_owned());
        }
        if !query.holder.is_empty() {
            sql.push(" AND x.holder >= ").push_bind(query.holder.clone());
            if let Some(end) = prefix_end(&query.holder) {
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
            ") x CROSS JOIN assets a ON a.id = x.asset CROSS JOIN locations l ON l.id = a.location
             LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0
             LEFT JOIN operations o ON o.number = x.operation",
        );
        walk.push_order(&mut sql, &["x.name", "x.asset", "x.holder", "x.kind"]);
        let records: Vec<HolderRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        rows::page(walk.page(records, None, HolderRecord::key))
    }

    async fn drifted(&self, scope: &DriftScope, side: Side) -> Result<Vec<Drifted>> {
        let mut sql = Sql::new("SELECT a.location, count(*) AS licenses, count(DISTINCT a.id) AS apps");
        push_licenses(&mut sql, scope, side)?;
        sql.push(" GROUP BY a.location ORDER BY a.location");
        let records: Vec<DriftedRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        Ok(records.into_iter().map(Drifted::from).collect())
    }

    async fn lost_licenses(&self, scope: &DriftScope) -> Result<Vec<Pair>> {
        let mut sql = Sql::new("SELECT x.asset, x.holder, x.kind");
        push_licenses(&mut sql, scope, Side::Pomona)?;
        sql.push(" ORDER BY x.asset, x.holder, x.kind");
        let lost: Vec<(i64, String, i64)> = sql.build_query_as().fetch_all(&self.readers).await?;
        Ok(lost
            .into_iter()
            .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind, holder)))
            .collect())
    }

    async fn adopt(&self, adoptions: &[Adoption]) -> Result<Vec<OperationId>> {
        let mut tx = self.write(Commit::Durable).await?;
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
fn push_licenses(sql: &mut Sql, scope: &DriftScope, side: Side) -> Result<()> {
    sql.push(match side {
        Side::Apple => {
            " FROM assets a CROSS JOIN licenses x ON x.asset = a.id AND x.state = 2 AND x.operation IS NULL"
        }
        Side::Pomona => " FROM assets a CROSS JOIN lost_licenses x ON x.asset = a.id",
    });
    sql.push(" WHERE a.stage = 1");
    match scope {
        DriftScope::Licenses { licenses } => {
            let pairs: Vec<_> = licenses
                .iter()
                .map(|(asset, holder)| (asset.0, holder.id(), numbers::kind(holder)))
                .collect();
            let assets: std::collections::BTreeSet<_> = licenses.iter().map(|(asset, _)| asset.0).collect();
            sql.push(" AND a.id IN (SELECT value FROM json_each(")
                .push_bind(json(&assets)?);
            sql.push(
                ")) AND (x.asset, x.holder, x.kind) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(",
            );
            sql.push_bind(json(&pairs)?).push("))");
        }
        DriftScope::Asset { asset } => {
            sql.push(" AND a.id = ").push_bind(asset.0);
        }
        DriftScope::Location { location } => {
            sql.push(" AND a.location = ")
                .push_bind(location.as_str().to_owned());
        }
    }
    Ok(())
}

/// Answers whether there was anything to adopt.
async fn adopt(tx: &mut Write, adoption: &Adoption) -> Result<bool> {
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    let mut sql = Sql::new("INSERT INTO temp.pairs (asset, holder, kind) SELECT x.asset, x.holder, x.kind");
    push_licenses(&mut sql, &adoption.scope, adoption.side)?;
    sql.push(" AND a.location = ")
        .push_bind(adoption.location.as_str().to_owned());
    if sql.build().execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO operations (id, location, kind, state, account, \"by\", reason, created_at, finished_at, assets,
             asset, total, done, waiting)
         SELECT ?1, ?2, ?7, 'done', ?3, ?4, ?5, ?6, ?6, count(DISTINCT asset),
             CASE count(DISTINCT asset) WHEN 1 THEN min(asset) END, count(*), count(*), 0 FROM temp.pairs
         RETURNING number",
    )
    .bind(adoption.id.as_str())
    .bind(adoption.location.as_str())
    .bind(adoption.account.as_str())
    .bind(&adoption.by)
    .bind(&adoption.reason)
    .bind(adoption.created_at)
    .bind(adoption.kind().as_str())
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO items (operation, asset, holder, kind, state) SELECT ?, asset, holder, kind, 2 FROM temp.pairs",
    )
    .bind(number)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, operation)
         SELECT ?, ?, asset, holder, kind, ? FROM temp.pairs",
    )
    .bind(adoption.created_at)
    .bind(match adoption.side {
        Side::Apple => 8,
        Side::Pomona => 9,
    })
    .bind(number)
    .execute(&mut **tx)
    .await?;
    let (change, sums) = match adoption.side {
        Side::Apple => (
            "UPDATE licenses SET operation = ?1",
            "found = found - p.number, given = given + p.number",
        ),
        Side::Pomona => ("DELETE FROM lost_licenses", "lost = lost - p.number"),
    };
    let sql = format!(
        "{change} WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE ?1 IS NOT NULL)"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(number)
        .execute(&mut **tx)
        .await?;
    let sql = format!(
        "UPDATE assets SET {sums}, given_at = ?
         FROM (SELECT asset, count(*) AS number FROM temp.pairs GROUP BY asset) p WHERE assets.id = p.asset"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(adoption.created_at)
        .execute(&mut **tx)
        .await?;
    Ok(true)
}
