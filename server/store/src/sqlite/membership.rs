use super::{Write, json};
use crate::{
    Result,
    membership::{self, Desk, Facts, Pair},
    numbers::Number,
    rows::{
        number,
        people::{DEVICE_FACTS, DeviceFacts, PERSON_FACTS, PersonFacts},
    },
};
use async_trait::async_trait;
use contract::{UnixMillis, groups::GroupKind};
use sqlx::AssertSqlSafe;

/// After these people or devices were added, changed or deleted.
pub(super) async fn members_changed(
    tx: &mut Write,
    kind: GroupKind,
    members: &[&str],
    now: UnixMillis,
) -> Result<()> {
    membership::members_changed(&mut SqliteDesk(tx), kind, members, now).await
}

/// After these people, by the keys of their user names, or devices of theirs were written: a device licence follows the
/// person to the devices and a user licence the device to the person (A2), so what either's groups are assigned is
/// planned again.
pub(super) async fn owners_changed(tx: &mut Write, keys: &[String], now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO group_changes (group_id, at)
         SELECT m.group_id, ?2 FROM json_each(?1) j CROSS JOIN people p ON p.user_name_key = j.value
         CROSS JOIN group_members m ON m.member = p.id WHERE j.value <> ''
         UNION SELECT m.group_id, ?2 FROM json_each(?1) j CROSS JOIN devices d ON d.user_name_key = j.value
         CROSS JOIN group_members m ON m.member = d.id WHERE j.value <> '' AND d.user_name_key <> ''
         ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
    )
    .bind(json(keys)?)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// After what these groups are made of changed.
pub(super) async fn groups_changed(
    tx: &mut Write,
    kind: GroupKind,
    groups: &[&str],
    members: Option<&[&str]>,
    now: UnixMillis,
) -> Result<()> {
    membership::groups_changed(&mut SqliteDesk(tx), kind, groups, members, now).await
}

pub(super) struct SqliteDesk<'a>(pub &'a mut Write);

impl SqliteDesk<'_> {
    async fn read_facts(
        &mut self,
        kind: GroupKind,
        which: &str,
        value: &str,
        limit: u32,
    ) -> Result<Vec<Facts>> {
        Ok(match kind {
            GroupKind::People => {
                let sql = format!(
                    "SELECT {PERSON_FACTS} FROM people p WHERE p.active = 1 AND p.id {which} ORDER BY p.id LIMIT ?2"
                );
                let records: Vec<PersonFacts> = sqlx::query_as(AssertSqlSafe(sql))
                    .bind(value)
                    .bind(limit)
                    .fetch_all(&mut **self.0)
                    .await?;
                records.into_iter().map(Facts::from).collect()
            }
            GroupKind::Devices => {
                let sql =
                    format!("SELECT {DEVICE_FACTS} FROM devices d WHERE d.id {which} ORDER BY d.id LIMIT ?2");
                let records: Vec<DeviceFacts> = sqlx::query_as(AssertSqlSafe(sql))
                    .bind(value)
                    .bind(limit)
                    .fetch_all(&mut **self.0)
                    .await?;
                records.into_iter().map(Facts::from).collect()
            }
        })
    }
}

#[async_trait]
impl Desk for SqliteDesk<'_> {
    async fn groups(&mut self, kind: GroupKind) -> Result<Vec<(String, Option<String>)>> {
        Ok(sqlx::query_as("SELECT id, rule FROM groups WHERE kind = ?")
            .bind(kind.number())
            .fetch_all(&mut **self.0)
            .await?)
    }

    async fn nested(&mut self, kind: GroupKind) -> Result<Vec<Pair>> {
        Ok(sqlx::query_as(
            "SELECT n.group_id, n.inner_id FROM group_nested n JOIN groups g ON g.id = n.group_id WHERE g.kind = ?",
        )
        .bind(kind.number())
        .fetch_all(&mut **self.0)
        .await?)
    }

    async fn inside(&mut self, outer: &str) -> Result<Vec<(String, bool)>> {
        Ok(sqlx::query_as(
            "SELECT n.inner_id, g.rule IS NOT NULL FROM group_nested n JOIN groups g ON g.id = n.inner_id
             WHERE n.group_id = ?",
        )
        .bind(outer)
        .fetch_all(&mut **self.0)
        .await?)
    }

    async fn kinds(&mut self, groups: &[&str]) -> Result<Vec<(String, GroupKind)>> {
        let records: Vec<(String, i64)> =
            sqlx::query_as("SELECT g.id, g.kind FROM json_each(?) j CROSS JOIN groups g ON g.id = j.value")
                .bind(json(groups)?)
                .fetch_all(&mut **self.0)
                .await?;
        let kinds = records.into_iter().map(|(id, kind)| Ok((id, number(kind)?)));
        kinds.collect()
    }

    async fn nest(&mut self, outer: &str, inner: &[&str]) -> Result<()> {
        sqlx::query(
            "INSERT OR IGNORE INTO group_nested (group_id, inner_id) SELECT ?1, value FROM json_each(?2)",
        )
        .bind(outer)
        .bind(json(inner)?)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn unnest(&mut self, outer: &str, inner: &[&str]) -> Result<()> {
        sqlx::query(
            "DELETE FROM group_nested WHERE group_id = ?1 AND inner_id IN (SELECT value FROM json_each(?2))",
        )
        .bind(outer)
        .bind(json(inner)?)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn facts(&mut self, kind: GroupKind, ids: &[&str]) -> Result<Vec<Facts>> {
        let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let ids = json(ids)?;
        self.read_facts(kind, "IN (SELECT value FROM json_each(?1))", &ids, limit)
            .await
    }

    async fn facts_after(&mut self, kind: GroupKind, after: &str, limit: u32) -> Result<Vec<Facts>> {
        self.read_facts(kind, "> ?1", after, limit).await
    }

    async fn fixed(&mut self, members: &[&str]) -> Result<Vec<Pair>> {
        Ok(sqlx::query_as(
            "SELECT f.group_id, f.member FROM json_each(?) j CROSS JOIN group_fixed f ON f.member = j.value",
        )
        .bind(json(members)?)
        .fetch_all(&mut **self.0)
        .await?)
    }

    async fn current(&mut self, members: &[&str], groups: Option<&[&str]>) -> Result<Vec<Pair>> {
        Ok(sqlx::query_as(
            "SELECT m.group_id, m.member FROM json_each(?1) j CROSS JOIN group_members m ON m.member = j.value
             WHERE ?2 IS NULL OR m.group_id IN (SELECT value FROM json_each(?2))",
        )
        .bind(json(members)?)
        .bind(groups.map(json).transpose()?)
        .fetch_all(&mut **self.0)
        .await?)
    }

    async fn add(&mut self, pairs: &[(&str, &str)]) -> Result<()> {
        sqlx::query(
            "INSERT INTO group_members (group_id, member) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
        )
        .bind(json(pairs)?)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn remove(&mut self, pairs: &[(&str, &str)]) -> Result<()> {
        sqlx::query(
            "DELETE FROM group_members
             WHERE (group_id, member) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
        )
        .bind(json(pairs)?)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn count(&mut self, more: &[(&str, i64)]) -> Result<()> {
        sqlx::query(
            "UPDATE groups SET members = members + (j.value ->> 1) FROM json_each(?) j
             WHERE groups.id = j.value ->> 0",
        )
        .bind(json(more)?)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn changed(&mut self, groups: &[&str], now: UnixMillis) -> Result<()> {
        sqlx::query(
            "INSERT INTO group_changes (group_id, at) SELECT value, ?2 FROM json_each(?1) WHERE true
             ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
        )
        .bind(json(groups)?)
        .bind(now)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }
}
