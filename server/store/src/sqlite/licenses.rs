use super::{Sqlite, groups, json};
use crate::{
    Result,
    cursor::{Walk, push_keys},
    licenses::{Digest, HeldLicense, HolderRef, Licenses},
    numbers::{self, Number},
    rows::{
        self,
        licenses::{HeldRecord, LICENSE, LicenseRecord, order},
        people::push_holders,
    },
    text::prefix_end,
};
use async_trait::async_trait;
use contract::{
    AssetId, LocationId, Page, PersonId, Serial,
    licenses::{Holder, LicenseQuery, LicenseRow, LicenseSort, LicenseState},
};
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, QueryBuilder, SqliteConnection};

type Sql = QueryBuilder<sqlx::Sqlite>;

/// Up to so many rows are gathered and sorted; of more, an index is walked in the list's order.
const FEW: i64 = 5000;

/// Where a page's rows are looked for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// One app's licences, in the order of the table.
    Asset,
    /// Few: all are gathered from what narrows them down most.
    Prefix,
    Person,
    Error,
    State,
    Location,
    /// Many: app by app in the order of names.
    AppByApp,
    /// Many: holder by holder.
    HolderByHolder,
}

#[async_trait]
impl Licenses for Sqlite {
    async fn license_list(&self, query: &LicenseQuery) -> Result<Page<LicenseRow>> {
        let walk = Walk::new(&query.page, order(query.sort))?;
        let mut reader = self.readers.acquire().await?;
        let from = choose(&mut reader, query).await?;
        let (records, total) = if narrowed(query) && from != From::AppByApp {
            // The answer to one query is of one moment by itself.
            (records(&mut reader, query, from, &walk).await?, None)
        } else {
            let mut tx = reader.begin().await?;
            let records = records(&mut tx, query, from, &walk).await?;
            let total = match walk.must_count(records.len()) {
                false => None,
                true => total(&mut tx, query).await?,
            };
            (records, total)
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn digest(&self, asset: AssetId) -> Result<Digest> {
        let mut digest = Digest::default();
        let mut rows = sqlx::query_as::<_, (String, i64)>(
            "SELECT holder, kind FROM licenses WHERE asset = ? AND state IN (2, 3)",
        )
        .bind(asset.0)
        .fetch(&self.readers);
        while let Some((holder, kind)) = rows.try_next().await? {
            digest.add(match kind {
                numbers::DEVICE => HolderRef::Device(&holder),
                _ => HolderRef::User(&holder),
            });
        }
        Ok(digest)
    }

    async fn device_holders(&self, asset: AssetId) -> Result<Vec<(Serial, LicenseState)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT holder, state FROM licenses WHERE asset = ? AND kind = 0 AND state IN (0, 1, 2, 3) ORDER BY holder",
        )
        .bind(asset.0)
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(serial, state)| Ok((Serial::known(serial), rows::number(state)?)))
            .collect()
    }

    async fn devices_of_user_holders(&self, asset: AssetId) -> Result<Vec<Serial>> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT d.serial FROM licenses y
             CROSS JOIN vpp_users u ON u.client_user_id = y.holder
             CROSS JOIN people p ON p.id = u.person
             CROSS JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> ''
             WHERE y.asset = ? AND y.kind = 1 AND y.state IN (1, 2)",
        )
        .bind(asset.0)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(Serial::known).collect())
    }

    async fn held_licenses(&self, licenses: &[(AssetId, Holder)]) -> Result<Vec<HeldLicense>> {
        let mut held = Vec::new();
        let mut tx = self.read().await?;
        for ((asset, kind), ids) in groups(licenses.iter().map(|(asset, holder)| (asset.0, holder))) {
            let records: Vec<HeldRecord> = sqlx::query_as(
                "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known FROM licenses x JOIN assets a ON a.id = x.asset
                 WHERE x.asset = ? AND x.kind = ? AND x.holder IN (SELECT value FROM json_each(?)) AND x.state = 2
                     AND a.stage = 1
                 ORDER BY x.holder",
            )
            .bind(asset)
            .bind(kind)
            .bind(json(&ids)?)
            .fetch_all(&mut *tx)
            .await?;
            held.extend(rows::all::<_, HeldLicense>(records)?);
        }
        Ok(held)
    }

    async fn held_by_devices(&self, serials: &[Serial]) -> Result<Vec<HeldLicense>> {
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known
             FROM (SELECT DISTINCT value FROM json_each(?)) j
             CROSS JOIN licenses x INDEXED BY licenses_by_holder ON x.holder = j.value
             CROSS JOIN assets a ON a.id = x.asset
             WHERE x.kind = 0 AND x.state = 2 AND a.stage = 1 ORDER BY x.holder, x.asset",
        )
        .bind(json(serials)?)
        .fetch_all(&self.readers)
        .await?;
        rows::all(records)
    }

    async fn held_by_person(&self, person: &PersonId) -> Result<Vec<HeldLicense>> {
        let mut sql =
            Sql::new("SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known FROM (");
        push_holders(&mut sql, person);
        sql.push(
            ") w CROSS JOIN licenses x INDEXED BY licenses_by_holder ON x.holder = w.holder AND x.kind = w.kind
             CROSS JOIN assets a ON a.id = x.asset
             WHERE x.state = 2 AND a.stage = 1 ORDER BY x.holder, x.asset",
        );
        let records: Vec<HeldRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        rows::all(records)
    }

    async fn held_of_asset(&self, asset: AssetId) -> Result<Vec<HeldLicense>> {
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known FROM licenses x JOIN assets a ON a.id = x.asset
             WHERE x.asset = ? AND x.state = 2 AND a.stage = 1 ORDER BY x.holder, x.kind",
        )
        .bind(asset.0)
        .fetch_all(&self.readers)
        .await?;
        rows::all(records)
    }

    async fn held_of_location(&self, location: &LocationId) -> Result<Vec<HeldLicense>> {
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known
             FROM assets a CROSS JOIN licenses x ON x.asset = a.id
             WHERE a.location = ? AND a.stage = 1 AND x.state = 2 ORDER BY x.asset, x.holder, x.kind",
        )
        .bind(location.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows::all(records)
    }

    async fn revocable_of_location(&self, location: &LocationId) -> Result<(i64, i64)> {
        Ok(sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE x.operation IS NULL) FROM assets a JOIN licenses x ON x.asset = a.id
             WHERE a.location = ? AND a.stage = 1 AND a.product = 0 AND a.revocable AND x.state = 2",
        )
        .bind(location.as_str())
        .fetch_one(&self.readers)
        .await?)
    }
}

/// Looks how many rows each filter leaves, at most [`FEW`] of each.
async fn choose(connection: &mut SqliteConnection, query: &LicenseQuery) -> Result<From> {
    if query.person.is_some() {
        return Ok(From::Person);
    }
    if query.asset.is_some() {
        return Ok(From::Asset);
    }
    if !query.holder.is_empty() {
        let mut sql = Sql::new(
            "SELECT count(*) FROM (SELECT 1 FROM licenses x INDEXED BY licenses_by_holder WHERE 1 = 1",
        );
        push_prefix(&mut sql, &query.holder);
        sql.push(" LIMIT ").push_bind(FEW + 1).push(")");
        let found: i64 = sql.build_query_scalar().fetch_one(&mut *connection).await?;
        if found <= FEW {
            return Ok(From::Prefix);
        }
    }
    if let Some(error) = query.error {
        let found: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM licenses INDEXED BY licenses_by_error WHERE error_number = ?1 LIMIT ?2)",
        )
        .bind(error)
        .bind(FEW + 1)
        .fetch_one(&mut *connection)
        .await?;
        if found <= FEW {
            return Ok(From::Error);
        }
    }
    if let Some(state) = query.state.filter(|state| *state != LicenseState::Held) {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM licenses INDEXED BY licenses_not_held
             WHERE state = {} AND state <> 2 LIMIT {FEW} + 1)",
            state.number()
        );
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *connection)
            .await?;
        if found <= FEW {
            return Ok(From::State);
        }
    }
    if let Some(location) = &query.location {
        let listed: Option<i64> = sqlx::query_scalar("SELECT listed FROM locations WHERE id = ?")
            .bind(location.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if listed.unwrap_or(0) <= FEW {
            return Ok(From::Location);
        }
    }
    Ok(match query.sort {
        LicenseSort::App => From::AppByApp,
        LicenseSort::Holder => From::HolderByHolder,
    })
}

async fn records(
    connection: &mut SqliteConnection,
    query: &LicenseQuery,
    from: From,
    walk: &Walk,
) -> Result<Vec<LicenseRecord>> {
    let by_app = query.sort == LicenseSort::App;
    match (from, walk.from()) {
        (From::AppByApp, Some([name, asset, holder, kind])) => {
            // The rest of the app that the last page ended in, then the apps after it.
            let mut sql = keys(query, from);
            sql.push(" AND (a.id, x.holder, x.kind)")
                .push(walk.beyond())
                .push("(");
            push_keys(&mut sql, &[asset.clone(), holder.clone(), kind.clone()]);
            sql.push(") AND a.id = ");
            push_keys(&mut sql, std::slice::from_ref(asset));
            walk.push_order(&mut sql, &["x.holder", "x.kind"]);
            let mut records = fetch(connection, sql, walk, by_app).await?;
            if (records.len() as i64) < walk.rows() {
                let mut sql = keys(query, from);
                sql.push(" AND (a.sort_name, a.id)").push(walk.beyond()).push("(");
                push_keys(&mut sql, &[name.clone(), asset.clone()]);
                sql.push(")");
                walk.push_order(&mut sql, &["a.sort_name", "a.id", "x.holder", "x.kind"]);
                records.extend(fetch(connection, sql, walk, by_app).await?);
                records.truncate(walk.rows() as usize);
            }
            Ok(records)
        }
        _ => {
            let mut sql = keys(query, from);
            let columns: &[&str] = match (from, by_app) {
                (From::Asset, _) => &["x.holder", "x.kind"],
                (_, true) => &["a.sort_name", "a.id", "x.holder", "x.kind"],
                (_, false) => &["x.holder", "x.asset", "x.kind"],
            };
            match (from, walk.from()) {
                (From::Asset, Some([_, _, holder, kind] | [holder, _, kind])) => {
                    sql.push(" AND (x.holder, x.kind)").push(walk.beyond()).push("(");
                    push_keys(&mut sql, &[holder.clone(), kind.clone()]);
                    sql.push(")");
                }
                _ => walk.push_from(&mut sql, &columns.join(", ")),
            }
            walk.push_order(&mut sql, columns);
            fetch(connection, sql, walk, by_app).await
        }
    }
}

/// The beginning of the query: the keys, with all filters. CROSS JOIN keeps SQLite to the order written.
fn keys(query: &LicenseQuery, from: From) -> Sql {
    let mut sql = Sql::new(format!(
        "SELECT {LICENSE} FROM (SELECT x.asset, x.holder, x.kind, a.sort_name AS name FROM "
    ));
    if let Some(person) = &query.person {
        sql.push("(");
        push_holders(&mut sql, person);
        sql.push(") w CROSS JOIN ");
    }
    sql.push(match from {
        From::Person => {
            "licenses x INDEXED BY licenses_by_holder ON x.holder = w.holder AND x.kind = w.kind
             CROSS JOIN assets a ON a.id = x.asset"
        }
        From::Asset | From::Location => "assets a CROSS JOIN licenses x ON x.asset = a.id",
        From::Prefix | From::HolderByHolder => {
            "licenses x INDEXED BY licenses_by_holder CROSS JOIN assets a ON a.id = x.asset"
        }
        From::Error => "licenses x INDEXED BY licenses_by_error CROSS JOIN assets a ON a.id = x.asset",
        From::State => "licenses x INDEXED BY licenses_not_held CROSS JOIN assets a ON a.id = x.asset",
        From::AppByApp => "assets a INDEXED BY assets_by_order CROSS JOIN licenses x ON x.asset = a.id",
    });
    sql.push(" WHERE a.stage = 1");
    if let Some(asset) = query.asset {
        sql.push(" AND a.id = ").push_bind(asset.0);
    }
    if let Some(location) = &query.location {
        sql.push(" AND a.location = ")
            .push_bind(location.as_str().to_owned());
    }
    if let Some(state) = query.state {
        // Written out, so that SQLite sees that the partial index applies.
        let held = if state == LicenseState::Held {
            ""
        } else {
            " AND x.state <> 2"
        };
        sql.push(format!(" AND x.state = {}{held}", state.number()));
    }
    if let Some(error) = query.error {
        sql.push(" AND x.error_number = ").push_bind(i64::from(error));
    }
    push_prefix(&mut sql, &query.holder);
    sql
}

fn push_prefix(sql: &mut Sql, prefix: &str) {
    if prefix.is_empty() {
        return;
    }
    sql.push(" AND x.holder >= ").push_bind(prefix.to_owned());
    if let Some(end) = prefix_end(prefix) {
        sql.push(" AND x.holder < ").push_bind(end);
    }
}

/// The rows of the keys.
async fn fetch(
    connection: &mut SqliteConnection,
    mut sql: Sql,
    walk: &Walk,
    by_app: bool,
) -> Result<Vec<LicenseRecord>> {
    let columns: &[&str] = if by_app {
        &["k.name", "k.asset", "k.holder", "k.kind"]
    } else {
        &["k.holder", "k.asset", "k.kind"]
    };
    sql.push(
        ") k CROSS JOIN licenses x ON x.asset = k.asset AND x.holder = k.holder AND x.kind = k.kind
         JOIN assets a ON a.id = x.asset JOIN locations l ON l.id = a.location
         LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0 LEFT JOIN operations o ON o.number = x.operation",
    );
    walk.push_order(&mut sql, columns);
    Ok(sql.build_query_as().fetch_all(connection).await?)
}

/// By more than an app or a location, for which the counts are at hand.
fn narrowed(query: &LicenseQuery) -> bool {
    !query.holder.is_empty() || query.person.is_some() || query.state.is_some() || query.error.is_some()
}

/// From the assets' counts, where nothing else narrows the list down.
async fn total(connection: &mut SqliteConnection, query: &LicenseQuery) -> Result<Option<i64>> {
    if narrowed(query) {
        return Ok(None);
    }
    let mut sql = match query.asset {
        Some(asset) => {
            let mut sql = Sql::new("SELECT ifnull(sum(listed), 0) FROM assets a WHERE stage = 1 AND id = ");
            sql.push_bind(asset.0);
            if let Some(location) = &query.location {
                sql.push(" AND location = ")
                    .push_bind(location.as_str().to_owned());
            }
            sql
        }
        None => {
            let mut sql = Sql::new("SELECT ifnull(sum(listed), 0) FROM locations");
            if let Some(location) = &query.location {
                sql.push(" WHERE id = ").push_bind(location.as_str().to_owned());
            }
            sql
        }
    };
    Ok(Some(sql.build_query_scalar().fetch_one(connection).await?))
}
