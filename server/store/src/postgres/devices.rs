use super::{
    Postgres, json,
    membership::{members_changed, owners_changed},
    spared,
};
use crate::{
    Result,
    cursor::Walk,
    devices::{DeviceRef, Devices, Import, seen_since},
    import::{Imported, Line, import},
    inputs::DeviceInput,
    rows::{
        self,
        devices::{DEVICE, DEVICE_REF, DeviceRecord, DeviceRefRecord, order},
    },
    text::{containing, fold, prefix_end},
};
use async_trait::async_trait;
use contract::{
    DeviceId, Direction, Page, Serial, UnixMillis,
    devices::{DeviceForm, DeviceQuery, DeviceRow},
    groups::GroupKind,
};
use sqlx::{AssertSqlSafe, PgPool, QueryBuilder};
use std::collections::{BTreeSet, HashMap};

/// The device's held licences, of shown assets.
pub(super) const LICENSES: &str = "(SELECT count(*) FROM licenses x JOIN assets a ON a.id = x.asset
    WHERE x.holder = d.serial AND x.kind = 0 AND x.state = 2 AND a.stage = 1) AS licenses";

/// Writes new devices.
const INSERT: &str = "
    INSERT INTO devices (id, serial, name, sort_name, search, platform, model, os_version, ownership, supervised,
        enrolment, kiosk, store_blocked, user_name, user_name_key, seen_at, added_at)
    SELECT id, serial, name, sort, search, platform, model, os, ownership, supervised, enrolment, kiosk, store_blocked,
        \"user\", user_key, seen, $2
    FROM json_to_recordset($1::json) AS j (id text, serial text, name text, sort text, search text, platform text,
        model text, os text, ownership text, supervised boolean, enrolment text, kiosk boolean, store_blocked boolean,
        \"user\" text, user_key text, seen bigint)";

/// After [`INSERT`]: changes those known by serial number.
const UPSERT: &str = "
    ON CONFLICT (serial) DO UPDATE SET name = excluded.name, sort_name = excluded.sort_name, search = excluded.search,
        platform = excluded.platform, model = excluded.model, os_version = excluded.os_version,
        ownership = excluded.ownership, supervised = excluded.supervised, enrolment = excluded.enrolment,
        kiosk = excluded.kiosk, store_blocked = excluded.store_blocked, user_name = excluded.user_name,
        user_name_key = excluded.user_name_key, seen_at = greatest(devices.seen_at, excluded.seen_at)";

#[async_trait]
impl Devices for Postgres {
    async fn device_list(&self, query: &DeviceQuery) -> Result<Page<DeviceRow>> {
        let (order, column) = order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!("SELECT {DEVICE}, {LICENSES} FROM ("));
        push_devices(&mut sql, query);
        walk.push_from(&mut sql, &format!("{column}, d.id"));
        walk.push_order(&mut sql, &[column, "d.id"]);
        sql.push(") d");
        walk.push_order(&mut sql, &[column, "d.id"]);
        let records: Vec<DeviceRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let counted = query.search.is_empty() && walk.must_count(records.len());
        let total = match (counted, query.platform) {
            (false, _) => None,
            (true, None) => Some(
                sqlx::query_scalar("SELECT count(*) FROM devices")
                    .fetch_one(&mut *tx)
                    .await?,
            ),
            (true, Some(platform)) => Some(
                sqlx::query_scalar("SELECT count(*) FROM devices WHERE platform = $1")
                    .bind(platform.as_str())
                    .fetch_one(&mut *tx)
                    .await?,
            ),
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn device(&self, id: &DeviceId) -> Result<DeviceRow> {
        let sql = format!("SELECT {DEVICE}, {LICENSES} FROM devices d WHERE d.id = $1");
        let row: DeviceRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_one(&self.pool)
            .await?;
        row.try_into()
    }

    async fn insert_device(&self, id: &DeviceId, form: &DeviceForm, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_members().await?;
        let device = (id.clone(), form.clone());
        sqlx::query(INSERT)
            .bind(json(&[DeviceInput::from(&device)])?)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        members_changed(&mut tx, GroupKind::Devices, &[id.as_str()], now).await?;
        owners_changed(&mut tx, &[fold(&form.user_name)], now).await?;
        tx.commit().await
    }

    async fn import_device_lines(
        &self,
        lines: &[Line<DeviceId, DeviceForm>],
        now: UnixMillis,
        how: Import,
    ) -> Result<Imported<DeviceForm>> {
        let mut tx = match how {
            Import::Preview => self.read().await?,
            // One at a time, so that what is counted is what is written; readers do not wait.
            Import::Write => self.write_members().await?,
        };
        let serials: Vec<_> = lines.iter().map(|line| line.form.serial.as_str()).collect();
        let sql = format!("SELECT {DEVICE}, 0::bigint AS licenses FROM devices d WHERE d.serial = ANY($1)");
        let records: Vec<DeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serials)
            .fetch_all(&mut *tx)
            .await?;
        let mut known = HashMap::with_capacity(records.len());
        let mut owners: HashMap<DeviceId, String> = HashMap::with_capacity(records.len());
        let mut seen = HashMap::with_capacity(records.len());
        for record in records {
            let id = DeviceId(record.id.clone());
            owners.insert(id.clone(), fold(&record.user_name));
            let serial = record.serial.clone();
            let form = DeviceForm::try_from(record)?;
            seen.insert(id.clone(), form.last_check_in);
            known.insert(serial, (id, form));
        }
        let (imported, devices) = import(known, lines);
        if how == Import::Write && !devices.is_empty() {
            spared::spare(&mut tx, &seen_since(&devices, &seen), now).await?;
            let input: Vec<_> = devices.iter().map(DeviceInput::from).collect();
            let sql = format!("{INSERT} {UPSERT}");
            sqlx::query(AssertSqlSafe(sql))
                .bind(json(&input)?)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            let ids: Vec<_> = devices.iter().map(|(id, _)| id.as_str()).collect();
            members_changed(&mut tx, GroupKind::Devices, &ids, now).await?;
            let keys: BTreeSet<String> = devices
                .iter()
                .flat_map(|(id, form)| owners.remove(id).into_iter().chain([fold(&form.user_name)]))
                .collect();
            owners_changed(&mut tx, &Vec::from_iter(keys), now).await?;
            imported.tell()?;
            tx.commit().await?;
        }
        Ok(imported)
    }

    async fn devices_by_id(&self, ids: &[DeviceId]) -> Result<Vec<DeviceRef>> {
        let sql = format!(
            "SELECT {DEVICE_REF} FROM unnest($1::text[]) WITH ORDINALITY AS j (value, key)
             JOIN devices d ON d.id = j.value ORDER BY j.key"
        );
        let ids: Vec<_> = ids.iter().map(DeviceId::as_str).collect();
        let records: Vec<DeviceRefRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        records.into_iter().map(DeviceRef::try_from).collect()
    }

    async fn devices_by_serial(&self, serials: &[Serial]) -> Result<Vec<DeviceRef>> {
        let sql = format!(
            "SELECT {DEVICE_REF} FROM unnest($1::text[]) WITH ORDINALITY AS j (value, key)
             JOIN devices d ON d.serial = j.value ORDER BY j.key"
        );
        let serials: Vec<_> = serials.iter().map(Serial::as_str).collect();
        let records: Vec<DeviceRefRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serials)
            .fetch_all(&self.pool)
            .await?;
        records.into_iter().map(DeviceRef::try_from).collect()
    }

    async fn devices_matching(&self, query: &DeviceQuery, limit: u32) -> Result<Vec<DeviceRef>> {
        let (_, column) = order(query.sort);
        let way = match query.page.direction {
            Direction::Up => "ASC",
            Direction::Down => "DESC",
        };
        let mut sql = QueryBuilder::new(format!("SELECT {DEVICE_REF} FROM ("));
        push_devices(&mut sql, query);
        sql.push(format!(") d ORDER BY {column} {way}, d.id {way} LIMIT "))
            .push_bind(i64::from(limit));
        let records: Vec<DeviceRefRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        records.into_iter().map(DeviceRef::try_from).collect()
    }
}

/// What the search finds.
fn push_devices(sql: &mut QueryBuilder<sqlx::Postgres>, query: &DeviceQuery) {
    let search = fold(&query.search);
    sql.push("SELECT d.* FROM devices d WHERE 1 = 1");
    if !search.is_empty() {
        let serial = search.to_uppercase();
        sql.push(" AND (d.search LIKE ")
            .push_bind(containing(&search))
            .push(" OR d.serial >= ")
            .push_bind(serial.clone());
        if let Some(end) = prefix_end(&serial) {
            sql.push(" AND d.serial < ").push_bind(end);
        }
        sql.push(")");
    }
    if let Some(platform) = query.platform {
        sql.push(" AND d.platform = ").push_bind(platform.as_str());
    }
}

/// Devices from before there were people have no user's key yet.
pub(super) async fn fill_user_keys(pool: &PgPool) -> Result<()> {
    let old: Vec<(String, String)> =
        sqlx::query_as("SELECT id, user_name FROM devices WHERE user_name <> '' AND user_name_key = ''")
            .fetch_all(pool)
            .await?;
    if old.is_empty() {
        return Ok(());
    }
    let (ids, keys): (Vec<_>, Vec<_>) = old.into_iter().map(|(id, user)| (id, fold(&user))).unzip();
    sqlx::query(
        "UPDATE devices SET user_name_key = j.key FROM unnest($1::text[], $2::text[]) AS j (id, key)
         WHERE devices.id = j.id",
    )
    .bind(ids)
    .bind(keys)
    .execute(pool)
    .await?;
    Ok(())
}
