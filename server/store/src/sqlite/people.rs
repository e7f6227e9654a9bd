use super::{
    Commit, Sqlite, Write,
    devices::LICENSES,
    json,
    membership::{members_changed, owners_changed},
    pieces,
};
use crate::{
    Result, StoreError,
    cursor::Walk,
    devices::Import,
    import::{Imported, Line, import},
    inputs::PersonInput,
    people::{DirectoryFacts, NewPerson, People, Person},
    rows::{
        self,
        devices::{DEVICE, DeviceRecord},
        people::{DEVICES, PERSON, PersonRecord, order},
    },
    scim::{Dialect, Filter, Found, PersonField, Slice, push_filter},
    text::{fold, searchable},
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, Page, PersonId, Serial, UnixMillis,
    devices::DeviceRow,
    groups::GroupKind,
    licenses::{Holder, LicenseState},
    people::{PersonForm, PersonQuery, PersonRow, PersonSort, Source},
};
use sqlx::{AssertSqlSafe, QueryBuilder, SqlitePool};
use std::collections::{HashMap, HashSet};

pub(super) const DIALECT: Dialect = Dialect { position: "instr" };

/// Writes people, new ones and those known by id. The directory's facts of known ones stay unless `?4`.
const WRITE: &str = "
    INSERT INTO people (id, user_name, user_name_key, name, sort_name, email, email_key, managed_apple_account,
        department, active, search, given_name, given_name_key,
        family_name, family_name_key, external_id, source, created_at, changed_at)
    SELECT value ->> 'id', value ->> 'user', value ->> 'user_key', value ->> 'name', value ->> 'sort',
        value ->> 'email', value ->> 'email_key', value ->> 'account', value ->> 'department', value ->> 'active',
        value ->> 'search', value ->> 'given', value ->> 'given_key', value ->> 'family', value ->> 'family_key',
        value ->> 'external', ?3, ?2, ?2
    FROM json_each(?1) WHERE true
    ON CONFLICT (id) DO UPDATE SET user_name = excluded.user_name, user_name_key = excluded.user_name_key,
        name = excluded.name, sort_name = excluded.sort_name, email = excluded.email,
        email_key = excluded.email_key, managed_apple_account = excluded.managed_apple_account,
        department = excluded.department, active = excluded.active, search = excluded.search,
        given_name = CASE WHEN ?4 THEN excluded.given_name ELSE given_name END,
        given_name_key = CASE WHEN ?4 THEN excluded.given_name_key ELSE given_name_key END,
        family_name = CASE WHEN ?4 THEN excluded.family_name ELSE family_name END,
        family_name_key = CASE WHEN ?4 THEN excluded.family_name_key ELSE family_name_key END,
        external_id = CASE WHEN ?4 THEN excluded.external_id ELSE external_id END,
        version = version + 1, changed_at = excluded.changed_at";

#[async_trait]
impl People for Sqlite {
    async fn person_list(&self, query: &PersonQuery) -> Result<Page<PersonRow>> {
        let (order, column) = order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!("SELECT {PERSON}, {DEVICES} FROM ("));
        push_keys(&mut tx, &mut sql, query).await?;
        walk.push_from(&mut sql, &format!("{column}, p.id"));
        walk.push_order(&mut sql, &[column, "p.id"]);
        sql.push(") k CROSS JOIN people p ON p.id = k.key_id");
        walk.push_order(&mut sql, &[column, "p.id"]);
        let records: Vec<PersonRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = if query.search.is_empty() && walk.must_count(records.len()) {
            // Everybody who is active is in that group.
            let sql = "SELECT CASE WHEN ?1 <> 0 THEN (SELECT members FROM groups WHERE id = 'all_people') ELSE 0 END
                + CASE WHEN ?1 <> 1 THEN (SELECT count(*) FROM people WHERE active = 0) ELSE 0 END";
            let which = query.active.map_or(2, i64::from);
            Some(sqlx::query_scalar(sql).bind(which).fetch_one(&mut *tx).await?)
        } else {
            None
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn person_row(&self, id: &PersonId) -> Result<PersonRow> {
        let sql = format!("SELECT {PERSON}, {DEVICES} FROM people p WHERE p.id = ?");
        let record: PersonRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_one(&self.readers)
            .await?;
        record.try_into()
    }

    async fn people_names(&self, ids: &[PersonId]) -> Result<Vec<(PersonId, String)>> {
        let names: Vec<(String, String)> =
            sqlx::query_as("SELECT id, name FROM people WHERE id IN (SELECT value FROM json_each(?))")
                .bind(json(ids)?)
                .fetch_all(&self.readers)
                .await?;
        Ok(names.into_iter().map(|(id, name)| (PersonId(id), name)).collect())
    }

    async fn person_called(&self, user_name: &str) -> Result<Option<PersonRow>> {
        let sql = format!("SELECT {PERSON}, {DEVICES} FROM people p WHERE p.user_name_key = ?");
        let record: Option<PersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(user_name.trim()))
            .fetch_optional(&self.readers)
            .await?;
        record.map(PersonRow::try_from).transpose()
    }

    async fn person_license(&self, asset: AssetId, id: &PersonId) -> Result<Option<(Holder, LicenseState)>> {
        let found: Option<(String, i64)> = sqlx::query_as(
            "SELECT x.holder, x.state FROM vpp_users u JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1
             WHERE u.person = ? AND x.asset = ? ORDER BY x.state = 2 DESC, x.state LIMIT 1",
        )
        .bind(id.as_str())
        .bind(asset.0)
        .fetch_optional(&self.readers)
        .await?;
        found
            .map(|(holder, state)| Ok((Holder::User(holder), rows::number(state)?)))
            .transpose()
    }

    async fn person(&self, id: &PersonId) -> Result<Person> {
        read(&mut self.read().await?, id).await
    }

    async fn person_devices(&self, id: &PersonId, limit: u32) -> Result<Vec<DeviceRow>> {
        let sql = format!(
            "SELECT {DEVICE}, {LICENSES} FROM people p CROSS JOIN devices d
             ON d.user_name_key = p.user_name_key AND d.user_name_key <> ''
             WHERE p.id = ? ORDER BY d.sort_name, d.id LIMIT ?"
        );
        let records: Vec<DeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn insert_person(&self, person: &NewPerson, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        user_name_is_free(&mut tx, &person.id, &person.form.user_name).await?;
        let input = PersonInput::new(person.id.as_str(), &person.form, Some(&person.directory));
        write(&mut tx, &[input], now, person.source, true).await?;
        members_changed(&mut tx, GroupKind::People, &[person.id.as_str()], now).await?;
        owners_changed(&mut tx, &[fold(&person.form.user_name)], now).await?;
        tx.commit().await
    }

    async fn change_person(
        &self,
        id: &PersonId,
        form: &PersonForm,
        directory: Option<&DirectoryFacts>,
        expected: Option<i64>,
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let old = read(&mut tx, id).await?;
        if expected.is_some_and(|expected| expected != old.version) {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        if &old.form == form && directory.is_none_or(|directory| *directory == old.directory) {
            return Ok(());
        }
        user_name_is_free(&mut tx, id, &form.user_name).await?;
        let input = PersonInput::new(id.as_str(), form, directory);
        write(&mut tx, &[input], now, old.source, directory.is_some()).await?;
        members_changed(&mut tx, GroupKind::People, &[id.as_str()], now).await?;
        renamed(&mut tx, &old.form.user_name, &form.user_name, now).await?;
        let keys = [fold(&old.form.user_name), fold(&form.user_name)];
        owners_changed(&mut tx, &keys, now).await?;
        tx.commit().await
    }

    async fn delete_person(&self, id: &PersonId, expected: Option<i64>, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let old = read(&mut tx, id).await?;
        if expected.is_some_and(|expected| expected != old.version) {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        for sql in [
            "UPDATE groups SET version = version + 1
             WHERE id IN (SELECT group_id FROM group_fixed WHERE member = ?)",
            "DELETE FROM group_fixed WHERE member = ?",
            "DELETE FROM people WHERE id = ?",
        ] {
            sqlx::query(sql).bind(id.as_str()).execute(&mut *tx).await?;
        }
        members_changed(&mut tx, GroupKind::People, &[id.as_str()], now).await?;
        owners_changed(&mut tx, &[fold(&old.form.user_name)], now).await?;
        tx.commit().await
    }

    async fn import_person_lines(
        &self,
        lines: &[Line<PersonId, PersonForm>],
        now: UnixMillis,
        how: Import,
    ) -> Result<Imported<PersonForm>> {
        let mut tx = match how {
            Import::Preview => self.read().await?,
            Import::Write => self.write(Commit::Durable).await?,
        };
        let keys: Vec<_> = lines.iter().map(|line| fold(&line.form.user_name)).collect();
        let sql = format!(
            "SELECT {PERSON}, 0 AS devices FROM people p
             WHERE p.user_name_key IN (SELECT value FROM json_each(?))"
        );
        let records: Vec<PersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(&keys)?)
            .fetch_all(&mut *tx)
            .await?;
        let mut known = HashMap::with_capacity(records.len());
        for record in records {
            let key = record.user_name_key.clone();
            let person = Person::try_from(record)?;
            known.insert(key, (person.id, person.form));
        }
        let (imported, people) = import(known, lines);
        if how == Import::Write && !people.is_empty() {
            let input: Vec<_> = people
                .iter()
                .map(|(id, form)| PersonInput::new(id.as_str(), form, None))
                .collect();
            write(&mut tx, &input, now, Source::Csv, false).await?;
            let ids: Vec<_> = people.iter().map(|(id, _)| id.as_str()).collect();
            members_changed(&mut tx, GroupKind::People, &ids, now).await?;
            let keys: Vec<_> = people.iter().map(|(_, form)| fold(&form.user_name)).collect();
            owners_changed(&mut tx, &keys, now).await?;
            imported.tell()?;
            tx.commit().await?;
        }
        Ok(imported)
    }

    async fn find_people(&self, filter: Option<&Filter<PersonField>>, slice: Slice) -> Result<Found<Person>> {
        let mut tx = self.read().await?;
        let count = match filter {
            Some(_) => "SELECT count(*) FROM people p WHERE ",
            None => {
                "SELECT (SELECT members FROM groups WHERE id = 'all_people') + count(*) FROM people p
                 WHERE p.active = 0 AND "
            }
        };
        let mut sql = QueryBuilder::new(count);
        push_where(&mut sql, filter);
        let total = sql.build_query_scalar().fetch_one(&mut *tx).await?;
        let mut sql = QueryBuilder::new(format!("SELECT {PERSON}, 0 AS devices FROM people p WHERE "));
        push_where(&mut sql, filter);
        sql.push(" ORDER BY p.id LIMIT ").push_bind(slice.take);
        sql.push(" OFFSET ").push_bind(slice.skip);
        let records: Vec<PersonRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        Ok(Found {
            total,
            rows: rows::all(records)?,
        })
    }
}

fn push_where(sql: &mut QueryBuilder<sqlx::Sqlite>, filter: Option<&Filter<PersonField>>) {
    match filter {
        Some(filter) => push_filter(sql, filter, DIALECT),
        None => _ = sql.push("1 = 1"),
    }
}

/// The ids of what the search finds. The index for searches holds all that is compared in walking along the list.
async fn push_keys(tx: &mut Write, sql: &mut QueryBuilder<sqlx::Sqlite>, query: &PersonQuery) -> Result<()> {
    let search = fold(&query.search);
    match pieces::of_few(tx, "people_pieces", &search).await? {
        Some(few) => {
            sql.push(
                "SELECT p.id AS key_id FROM json_each(",
            )
            .push_bind(few)
            .push(") f CROSS JOIN people_numbers n ON n.number = f.value CROSS JOIN people p ON p.id = n.id WHERE 1 = 1");
        }
        None => {
            let index = match (search.is_empty(), query.sort) {
                (false, PersonSort::Name) => "INDEXED BY people_by_search",
                _ => "",
            };
            sql.push(format!("SELECT p.id AS key_id FROM people p {index} WHERE 1 = 1"));
        }
    }
    if !search.is_empty() {
        sql.push(" AND instr(p.search, ").push_bind(search).push(") > 0");
    }
    match query.active {
        Some(true) => _ = sql.push(" AND p.active = 1"),
        Some(false) => _ = sql.push(" AND p.active = 0"),
        None => {}
    }
    Ok(())
}

async fn read(tx: &mut Write, id: &PersonId) -> Result<Person> {
    let sql = format!("SELECT {PERSON}, 0 AS devices FROM people p WHERE p.id = ?");
    let record: PersonRecord = sqlx::query_as(AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_one(&mut **tx)
        .await?;
    record.try_into()
}

async fn user_name_is_free(tx: &mut Write, id: &PersonId, user_name: &str) -> Result<()> {
    let taken: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM people WHERE user_name_key = ? AND id <> ?")
        .bind(fold(user_name))
        .bind(id.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    match taken {
        Some(_) => Err(StoreError::Taken(Code::UserNameTaken)),
        None => Ok(()),
    }
}

async fn write(
    tx: &mut Write,
    people: &[PersonInput<'_>],
    now: UnixMillis,
    source: Source,
    directory: bool,
) -> Result<()> {
    sqlx::query(WRITE)
        .bind(json(people)?)
        .bind(now)
        .bind(source.as_str())
        .bind(directory)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// People from before their names were folded have no keys of them yet.
pub(super) async fn fill_name_keys(writer: &SqlitePool) -> Result<()> {
    let old: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT id, given_name, family_name FROM people
         WHERE given_name <> '' AND given_name_key = '' OR family_name <> '' AND family_name_key = ''",
    )
    .fetch_all(writer)
    .await?;
    if old.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = old
        .iter()
        .map(|(id, given, family)| (id, fold(given), fold(family)))
        .collect();
    sqlx::query(
        "UPDATE people SET given_name_key = j.value ->> 1, family_name_key = j.value ->> 2
         FROM json_each(?) j WHERE people.id = j.value ->> 0",
    )
    .bind(json(&keys)?)
    .execute(writer)
    .await?;
    Ok(())
}

/// Somebody's devices go along with a new user name: it is the same person, whose browsers stay the devices' as well.
async fn renamed(tx: &mut Write, old: &str, new: &str, now: UnixMillis) -> Result<()> {
    let (old_key, key) = (fold(old), fold(new));
    if old == new || old_key.is_empty() {
        return Ok(());
    }
    let devices: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT id, name, model, serial FROM devices WHERE user_name_key = ?")
            .bind(&old_key)
            .fetch_all(&mut **tx)
            .await?;
    if devices.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = devices.iter().map(|(id, ..)| id.as_str()).collect();
    let searches: Vec<_> = devices
        .iter()
        .map(|(_, name, model, _)| searchable(&[name, new, model]))
        .collect();
    sqlx::query(
        "UPDATE devices SET search = j.value ->> 1, user_name = ?2, user_name_key = ?3
         FROM json_each(?1) j WHERE devices.id = j.value ->> 0",
    )
    .bind(json(&ids.iter().zip(&searches).collect::<Vec<_>>())?)
    .bind(new)
    .bind(&key)
    .execute(&mut **tx)
    .await?;
    without_serial(tx, new, &devices).await?;
    if key != old_key {
        sqlx::query(
            "UPDATE devices SET sessions = sessions - 1 WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(json(&ids)?)
        .execute(&mut **tx)
        .await?;
    }
    members_changed(tx, GroupKind::Devices, &ids, now).await
}

/// D1: what stands in the place of a serial number names the person, so that the device is the same when it is imported
/// again. Where there is such a device already, it stays as it is.
async fn without_serial(
    tx: &mut Write,
    user_name: &str,
    devices: &[(String, String, String, String)],
) -> Result<()> {
    let mut seen = HashSet::new();
    let renamed: Vec<(&str, String)> = devices
        .iter()
        .filter(|(.., serial)| Serial::known(serial).is_absent())
        .map(|(id, name, ..)| (id.as_str(), Serial::absent(user_name, name).to_string()))
        .filter(|(_, serial)| seen.insert(serial.clone()))
        .collect();
    if renamed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE devices SET serial = j.value ->> 1 FROM json_each(?) j
         WHERE devices.id = j.value ->> 0 AND NOT EXISTS (SELECT 1 FROM devices o WHERE o.serial = j.value ->> 1)",
    )
    .bind(json(&renamed)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
