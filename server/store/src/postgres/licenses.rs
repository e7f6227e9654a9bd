use super::{Pairs, Postgres, Write};
use crate::{
    Result,
    cursor::{Key, Walk, push_keys},
    licenses::{Digest, HeldLicense, HolderRef, Licenses},
    numbers::{self, Number},
    rows::{
        self,
        licenses::{HeldRecord, LICENSE, LicenseRecord, order},
        people::push_holders,
    },
    text::{prefix_end, storable},
};
use async_trait::async_trait;
use contract::{
    AssetId, LocationId, Page, PersonId, Serial,
    licenses::{Holder, LicenseQuery, LicenseRow, LicenseSort, LicenseState},
};
use futures::TryStreamExt;
use sqlx::QueryBuilder;

type Sql = QueryBuilder<sqlx::Postgres>;

#[async_trait]
impl Licenses for Postgres {
    async fn license_list(&self, query: &LicenseQuery) -> Result<Page<LicenseRow>> {
        let by_app = query.sort == LicenseSort::App;
        let walk = Walk::new(&query.page, order(query.sort))?;
        let mut tx = self.read().await?;
        let records = match (query.asset, walk.from()) {
            // One app's licences, in the order of the table.
            (Some(_), from) => {
                let mut sql = keys(query);
                if let Some([_, _, holder, kind] | [holder, _, kind]) = from {
                    push_holders_from(&mut sql, &walk, holder, kind);
                }
                walk.push_order(&mut sql, &["x.holder", "x.kind"]);
                fetch(&mut tx, sql, &walk, by_app).await?
            }
            (None, Some([name, asset, holder, kind])) if by_app => {
                // The rest of the app that the last page ended in, then the apps after it.
                let mut sql = keys(query);
                sql.push(" AND a.id = ");
                push_keys(&mut sql, std::slice::from_ref(asset));
                push_holders_from(&mut sql, &walk, holder, kind);
                walk.push_order(&mut sql, &["x.holder", "x.kind"]);
                let mut records = fetch(&mut tx, sql, &walk, by_app).await?;
                if (records.len() as i64) < walk.rows() {
                    let mut sql = keys(query);
                    sql.push(" AND (a.sort_name, a.id)").push(walk.beyond()).push("(");
                    push_keys(&mut sql, &[name.clone(), asset.clone()]);
                    sql.push(")");
                    walk.push_order(&mut sql, &["a.sort_name", "a.id", "x.holder", "x.kind"]);
                    records.extend(fetch(&mut tx, sql, &walk, by_app).await?);
                    records.truncate(walk.rows() as usize);
                }
                records
            }
            (None, _) => {
                let mut sql = keys(query);
                let columns: &[&str] = match by_app {
                    true => &["a.sort_name", "a.id", "x.holder", "x.kind"],
                    false => &["x.holder", "x.asset", "x.kind"],
                };
                walk.push_from(&mut sql, &columns.join(", "));
                walk.push_order(&mut sql, columns);
                fetch(&mut tx, sql, &walk, by_app).await?
            }
        };
        let total = match walk.must_count(records.len()) {
            false => None,
            true => total(&mut tx, query).await?,
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn digest(&self, asset: AssetId) -> Result<Digest> {
        let mut digest = Digest::default();
        let mut rows = sqlx::query_as::<_, (String, i16)>(
            "SELECT holder, kind FROM licenses WHERE asset = $1 AND state IN (2, 3)",
        )
        .bind(asset.0)
        .fetch(&self.pool);
        while let Some((holder, kind)) = rows.try_next().await? {
            digest.add(match kind.into() {
                numbers::DEVICE => HolderRef::Device(&holder),
                _ => HolderRef::User(&holder),
            });
        }
        Ok(digest)
    }

    async fn device_holders(&self, asset: AssetId) -> Result<Vec<(Serial, LicenseState)>> {
        let rows: Vec<(String, i16)> = sqlx::query_as(
            "SELECT holder, state FROM licenses WHERE asset = $1 AND kind = 0 AND state IN (0, 1, 2, 3) ORDER BY holder",
        )
        .bind(asset.0)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(serial, state)| Ok((Serial::known(serial), rows::number(state.into())?)))
            .collect()
    }

    async fn devices_of_user_holders(&self, asset: AssetId) -> Result<Vec<Serial>> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT d.serial FROM licenses y
             JOIN vpp_users u ON u.client_user_id = y.holder
             JOIN people p ON p.id = u.person
             JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> ''
             WHERE y.asset = $1 AND y.kind = 1 AND y.state IN (1, 2)",
        )
        .bind(asset.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Serial::known).collect())
    }

    async fn held_licenses(&self, licenses: &[(AssetId, Holder)]) -> Result<Vec<HeldLicense>> {
        let pairs = Pairs::of(licenses.iter().map(|(asset, holder)| (*asset, holder)));
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known
             FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])) j (asset, holder, kind)
             JOIN licenses x ON x.asset = j.asset AND x.holder = j.holder AND x.kind = j.kind
             JOIN assets a ON a.id = x.asset
             WHERE x.state = 2 AND a.stage = 1 ORDER BY x.asset, x.kind, x.holder",
        )
        .bind(pairs.assets)
        .bind(pairs.holders)
        .bind(pairs.kinds)
        .fetch_all(&self.pool)
        .await?;
        rows::all(records)
    }

    async fn held_by_devices(&self, serials: &[Serial]) -> Result<Vec<HeldLicense>> {
        let serials: Vec<_> = serials.iter().map(Serial::as_str).collect();
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known
             FROM (SELECT DISTINCT * FROM unnest($1::text[])) j (holder)
             JOIN licenses x ON x.holder = j.holder JOIN assets a ON a.id = x.asset
             WHERE x.kind = 0 AND x.state = 2 AND a.stage = 1 ORDER BY x.holder, x.asset",
        )
        .bind(serials)
        .fetch_all(&self.pool)
        .await?;
        rows::all(records)
    }

    async fn held_by_person(&self, person: &PersonId) -> Result<Vec<HeldLicense>> {
        let mut sql =
            Sql::new("SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known FROM (");
        push_holders(&mut sql, person);
        sql.push(
            ") w JOIN licenses x ON x.holder = w.holder AND x.kind = w.kind JOIN assets a ON a.id = x.asset
             WHERE x.state = 2 AND a.stage = 1 ORDER BY x.holder, x.asset",
        );
        let records: Vec<HeldRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        rows::all(records)
    }

    async fn held_of_asset(&self, asset: AssetId) -> Result<Vec<HeldLicense>> {
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known FROM licenses x JOIN assets a ON a.id = x.asset
             WHERE x.asset = $1 AND x.state = 2 AND a.stage = 1 ORDER BY x.holder, x.kind",
        )
        .bind(asset.0)
        .fetch_all(&self.pool)
        .await?;
        rows::all(records)
    }

    async fn held_of_location(&self, location: &LocationId) -> Result<Vec<HeldLicense>> {
        let records: Vec<HeldRecord> = sqlx::query_as(
            "SELECT x.asset, x.holder, x.kind, x.state, x.operation IS NOT NULL AS known
             FROM assets a JOIN licenses x ON x.asset = a.id
             WHERE a.location = $1 AND a.stage = 1 AND x.state = 2 ORDER BY x.asset, x.holder, x.kind",
        )
        .bind(location.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows::all(records)
    }

    async fn revocable_of_location(&self, location: &LocationId) -> Result<(i64, i64)> {
        Ok(sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE x.operation IS NULL) FROM assets a JOIN licenses x ON x.asset = a.id
             WHERE a.location = $1 AND a.stage = 1 AND a.product = 0 AND a.revocable AND x.state = 2",
        )
        .bind(location.as_str())
        .fetch_one(&self.pool)
        .await?)
    }
}

/// The beginning of the query: the keys, with all filters.
fn keys(query: &LicenseQuery) -> Sql {
    let mut sql = Sql::new(format!(
        "SELECT {LICENSE} FROM (SELECT x.asset, x.holder, x.kind, a.sort_name AS name
         FROM assets a JOIN licenses x ON x.asset = a.id WHERE a.stage = 1"
    ));
    if let Some(asset) = query.asset {
        sql.push(" AND a.id = ").push_bind(asset.0);
    }
    if let Some(location) = &query.location {
        sql.push(" AND a.location = ")
            .push_bind(storable(location.as_str()));
    }
    if let Some(state) = query.state {
        // Written out: there is an index of those that are not held.
        sql.push(format!(" AND x.state = {}", state.number()));
    }
    if let Some(error) = query.error {
        sql.push(" AND x.error_number = ").push_bind(i64::from(error));
    }
    if let Some(person) = &query.person {
        sql.push(" AND (x.holder, x.kind) IN (");
        push_holders(&mut sql, person);
        sql.push(")");
    }
    push_prefix(&mut sql, &storable(&query.holder));
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

/// Of one app.
fn push_holders_from(sql: &mut Sql, walk: &Walk, holder: &Key, kind: &Key) {
    sql.push(" AND (x.holder, x.kind)").push(walk.beyond()).push("(");
    push_keys(sql, &[holder.clone(), kind.clone()]);
    sql.push(")");
}

/// The rows of the keys.
async fn fetch(tx: &mut Write, mut sql: Sql, walk: &Walk, by_app: bool) -> Result<Vec<LicenseRecord>> {
    let columns: &[&str] = if by_app {
        &["k.name", "k.asset", "k.holder", "k.kind"]
    } else {
        &["k.holder", "k.asset", "k.kind"]
    };
    sql.push(
        ") k JOIN licenses x ON x.asset = k.asset AND x.holder = k.holder AND x.kind = k.kind
         JOIN assets a ON a.id = x.asset JOIN locations l ON l.id = a.location
         LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0 LEFT JOIN operations o ON o.number = x.operation",
    );
    walk.push_order(&mut sql, columns);
    Ok(sql.build_query_as().fetch_all(&mut **tx).await?)
}

/// From the assets' counts, where nothing else narrows the list down.
async fn total(tx: &mut Write, query: &LicenseQuery) -> Result<Option<i64>> {
    let narrowed = !query.holder.is_empty() || query.person.is_some();
    if narrowed || query.state.is_some() || query.error.is_some() {
        return Ok(None);
    }
    let mut sql = match query.asset {
        Some(asset) => {
            let mut sql =
                Sql::new("SELECT coalesce(sum(listed), 0)::bigint FROM assets a WHERE stage = 1 AND id = ");
            sql.push_bind(asset.0);
            if let Some(location) = &query.location {
                sql.push(" AND location = ")
                    .push_bind(storable(location.as_str()));
            }
            sql
        }
        None => {
            let mut sql = Sql::new("SELECT coalesce(sum(listed), 0)::bigint FROM locations");
            if let Some(location) = &query.location {
                sql.push(" WHERE id = ").push_bind(storable(location.as_str()));
            }
            sql
        }
    };
    Ok(Some(sql.build_query_scalar().fetch_one(&mut **tx).await?))
}
