use super::{
    Commit, Sqlite, Write, json,
    membership::{members_changed, owners_changed},
    pieces, spared,
};
use crate::{
    Result, StoreError,
    cursor::Walk,
    devices::{DeviceRef, Devices, Import, seen_since},
    import::{Imported, Line, import},
    inputs::DeviceInput,
    rows::{
        self,
        devices::{DEVICE, DEVICE_REF, DeviceRecord, DeviceRefRecord, order},
    },
    text::{fold, prefix_range},
};
use async_trait::async_trait;
use contract::{
    Code, DeviceId, Direction, Page, Serial, UnixMillis,
    devices::{DeviceForm, DeviceQuery, DeviceRow, DeviceSort},
    groups::GroupKind,
};
use sqlx::{AssertSqlSafe, QueryBuilder, SqlitePool};
use std::collections::{BTreeSet, HashMap};

/// The device's held licences, of shown assets.
pub(super) const LICENSES: &str = "(SELECT count(*) FROM licenses x CROSS JOIN assets a ON a.id = x.asset
    WHERE x.holder = d.serial AND x.kind = 0 AND x.state = 2 AND a.stage = 1) AS licenses";

/// Writes devices, new ones and those known by serial number.
const WRITE: &str = "
    INSERT INTO devices (id, serial, name, sort_name, search, platform, model, os_version, ownership, supervised,
        enrolment, kiosk, store_blocked, user_name, user_name_key, seen_at, added_at)
    SELECT value ->> 'id', value ->> 'serial', value ->> 'name', value ->> 'sort', value ->> 'search',
        value ->> 'platform', value ->> 'model', value ->> 'os', value ->> 'ownership', value ->> 'supervised',
        value ->> 'enrolment', value ->> 'kiosk', value ->> 'store_blocked', value ->> 'user', value ->> 'user_key',
        value ->> 'seen', ?2
    FROM json_each(?1) WHERE true
    ON CONFLICT (serial) DO UPDATE SET name = excluded.name, sort_name = excluded.sort_name, search = excluded.search,
        platform = excluded.platform, model = excluded.model, os_version = excluded.os_version,
        ownership = excluded.ownership, supervised = excluded.supervised, enrolment = excluded.enrolment,
        kiosk = excluded.kiosk, store_blocked = excluded.store_blocked, user_name = excluded.user_name,
        user_name_key = excluded.user_name_key,
        seen_at = max(ifnull(devices.seen_at, excluded.seen_at), ifnull(excluded.seen_at, devices.seen_at))";

#[async_trait]
impl Devices for Sqlite {
    async fn device_list(&self, query: &DeviceQuery) -> Result<Page<DeviceRow>> {
        let (order, column) = order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!("SELECT {DEVICE}, {LICENSES} FROM ("));
        push_keys(&mut tx, &mut sql, query).await?;
        walk.push_from(&mut sql, &format!("{column}, d.id"));
        walk.push_order(&mut sql, &[column, "d.id"]);
        sql.push(") k CROSS JOIN devices d ON d.id = k.key_id");
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
                sqlx::query_scalar("SELECT count(*) FROM devices WHERE platform = ?")
                    .bind(platform.as_str())
                    .fetch_one(&mut *tx)
                    .await?,
            ),
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn device(&self, id: &DeviceId) -> Result<DeviceRow> {
        let sql = format!("SELECT {DEVICE}, {LICENSES} FROM devices d WHERE d.id = ?");
        let row: DeviceRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_one(&self.readers)
            .await?;
        row.try_into()
    }

    async fn insert_device(&self, id: &DeviceId, form: &DeviceForm, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let taken: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM devices WHERE serial = ?")
            .bind(&form.serial)
            .fetch_optional(&mut *tx)
            .await?;
        if taken.is_some() {
            return Err(StoreError::Taken(Code::SerialTaken));
        }
        let device = (id.clone(), form.clone());
        sqlx::query(WRITE)
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
            Import::Write => self.write(Commit::Durable).await?,
        };
        let serials: Vec<_> = lines.iter().map(|line| &line.form.serial).collect();
        let sql = format!(
            "SELECT {DEVICE}, 0 AS licenses FROM devices d WHERE d.serial IN (SELECT value FROM json_each(?))"
        );
        let records: Vec<DeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(&serials)?)
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
            sqlx::query(WRITE)
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
            "SELECT {DEVICE_REF} FROM json_each(?) j CROSS JOIN devices d ON d.id = j.value ORDER BY j.key"
        );
        let records: Vec<DeviceRefRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(ids)?)
            .fetch_all(&self.readers)
            .await?;
        records.into_iter().map(DeviceRef::try_from).collect()
    }

    async fn devices_by_serial(&self, serials: &[Serial]) -> Result<Vec<DeviceRef>> {
        let sql = format!(
            "SELECT {DEVICE_REF} FROM json_each(?) j CROSS JOIN devices d ON d.serial = j.value ORDER BY j.key"
        );
        let records: Vec<DeviceRefRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(serials)?)
            .fetch_all(&self.readers)
            .await?;
        records.into_iter().map(DeviceRef::try_from).collect()
    }

    async fn devices_matching(&self, query: &DeviceQuery, limit: u32) -> Result<Vec<DeviceRef>> {
        let (_, column) = order(query.sort);
        let way = match query.page.direction {
            Direction::Up => "ASC",
            Direction::Down => "DESC",
        };
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!("SELECT {DEVICE_REF} FROM ("));
        push_keys(&mut tx, &mut sql, query).await?;
        sql.push(format!(" ORDER BY {column} {way}, d.id {way} LIMIT "))
            .push_bind(limit);
        sql.push(format!(
            ") k CROSS JOIN devices d ON d.id = k.key_id ORDER BY {column} {way}, d.id {way}"
        ));
        let records: Vec<DeviceRefRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        records.into_iter().map(DeviceRef::try_from).collect()
    }
}

/// The ids of what the search finds: a part of the name, user name or model, or the serial number's beginning. The index for
/// searches holds all that is compared in walking along the list.
async fn push_keys(tx: &mut Write, sql: &mut QueryBuilder<sqlx::Sqlite>, query: &DeviceQuery) -> Result<()> {
    let search = fold(&query.search);
    let (serial, serial_end) = prefix_range(&search.to_uppercase());
    match pieces::of_few(tx, "devices_pieces", &search).await? {
        Some(few) => {
            sql.push(
                "SELECT d.id AS key_id FROM (
                     SELECT n.id FROM json_each(",
            )
            .push_bind(few)
            .push(") j CROSS JOIN devices_numbers n ON n.number = j.value UNION SELECT id FROM devices WHERE serial >= ")
            .push_bind(serial.clone())
            .push(" AND serial < ")
            .push_bind(serial_end.clone())
            .push(") f CROSS JOIN devices d ON d.id = f.id WHERE 1 = 1");
        }
        None => {
            let index = match (search.is_empty(), query.sort) {
                (false, DeviceSort::Name) => "INDEXED BY devices_by_search",
                _ => "",
            };
            sql.push(format!(
                "SELECT d.id AS key_id FROM devices d {index} WHERE 1 = 1"
            ));
        }
    }
    if !search.is_empty() {
        sql.push(" AND (instr(d.search, ")
            .push_bind(search)
            .push(") > 0 OR d.serial >= ")
            .push_bind(serial)
            .push(" AND d.serial < ")
            .push_bind(serial_end)
            .push(")");
    }
    if let Some(platform) = query.platform {
        sql.push(" AND d.platform = ").push_bind(platform.as_str());
    }
    Ok(())
}

/// Devices from before there were people have no user's key yet.
pub(super) async fn fill_user_keys(writer: &SqlitePool) -> Result<()> {
    let old: Vec<(String, String)> =
        sqlx::query_as("SELECT id, user_name FROM devices WHERE user_name <> '' AND user_name_key = ''")
            .fetch_all(writer)
            .await?;
    if old.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = old.iter().map(|(id, user)| (id, fold(user))).collect();
    sqlx::query(
        "UPDATE devices SET user_name_key = j.value ->> 1 FROM json_each(?) j WHERE devices.id = j.value ->> 0",
    )
    .bind(json(&keys)?)
    .execute(writer)
    .await?;
    Ok(())
}
