use super::Write;
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
use sqlx::{AssertSqlSafe, QueryBuilder};

/// After these people or devices were added, changed or deleted.
pub(super) async fn members_changed(
    tx: &mut Write,
    kind: GroupKind,
    members: &[&str],
    now: UnixMillis,
) -> Result<()> {
    membership::members_changed(&mut PostgresDesk(tx), kind, members, now).await
}

/// After these people, by the keys of their user names, or devices of theirs were written: a device licence follows the
/// person to the devices and a user licence the device to the person (A2), so what either's groups are assigned is
/// planned again.
pub(super) async fn owners_changed(tx: &mut Write, keys: &[String], now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO group_changes (group_id, at)
         SELECT m.group_id, $2 FROM people p JOIN group_members m ON m.member = p.id
         WHERE p.user_name_key = ANY($1) AND p.user_name_key <> ''
         UNION SELECT m.group_id, $2 FROM devices d JOIN group_members m ON m.member = d.id
         WHERE d.user_name_key = ANY($1) AND d.user_name_key <> ''
         ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
    )
    .bind(keys)
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
    membership::groups_changed(&mut PostgresDesk(tx), kind, groups, members, now).await
}

pub(super) struct PostgresDesk<'a>(pub &'a mut Write);

/// Which members to read.
enum Which<'a> {
    These(&'a [&'a str]),
    After(&'a str, i64),
}

impl Which<'_> {
    fn push(&self, sql: &mut QueryBuilder<sqlx::Postgres>, id: &str) {
        match self {
            Which::These(ids) => {
                let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
                sql.push(format!(" AND {id} = ANY(")).push_bind(ids).push(")");
            }
            Which::After(after, limit) => {
                sql.push(format!(" AND {id} > ")).push_bind((*after).to_owned());
                sql.push(format!(" ORDER BY {id} LIMIT ")).push_bind(*limit);
            }
        }
    }
}

impl PostgresDesk<'_> {
    async fn read_facts(&mut self, kind: GroupKind, which: Which<'_>) -> Result<Vec<Facts>> {
        Ok(match kind {
            GroupKind::People => {
                let mut sql =
                    QueryBuilder::new(format!("SELECT {PERSON_FACTS} FROM people p WHERE p.active"));
                which.push(&mut sql, "p.id");
                let records: Vec<PersonFacts> = sql.build_query_as().fetch_all(&mut **self.0).await?;
                records.into_iter().map(Facts::from).collect()
            }
            GroupKind::Devices => {
                let mut sql = QueryBuilder::new(format!("SELECT {DEVICE_FACTS} FROM devices d WHERE true"));
                which.push(&mut sql, "d.id");
                let records: Vec<DeviceFacts> = sql.build_query_as().fetch_all(&mut **self.0).await?;
                records.into_iter().map(Facts::from).collect()
            }
        })
    }
}

#[async_trait]
impl Desk for PostgresDesk<'_> {
    async fn groups(&mut self, kind: GroupKind) -> Result<Vec<(String, Option<String>)>> {
        Ok(sqlx::query_as("SELECT id, rule FROM groups WHERE kind = $1")
            .bind(kind.number())
            .fetch_all(&mut **self.0)
            .await?)
    }

    async fn nested(&mut self, kind: GroupKind) -> Result<Vec<Pair>> {
        Ok(sqlx::query_as(
            "SELECT n.group_id, n.inner_id FROM group_nested n JOIN groups g ON g.id = n.group_id WHERE g.kind = $1",
        )
        .bind(kind.number())
        .fetch_all(&mut **self.0)
        .await?)
    }

    async fn inside(&mut self, outer: &str) -> Result<Vec<(String, bool)>> {
        Ok(sqlx::query_as(
            "SELECT n.inner_id, g.rule IS NOT NULL FROM group_nested n JOIN groups g ON g.id = n.inner_id
             WHERE n.group_id = $1",
        )
        .bind(outer)
        .fetch_all(&mut **self.0)
        .await?)
    }

    async fn kinds(&mut self, groups: &[&str]) -> Result<Vec<(String, GroupKind)>> {
        let records: Vec<(String, i64)> =
            sqlx::query_as("SELECT id, CAST(kind AS bigint) FROM groups WHERE id = ANY($1)")
                .bind(groups)
                .fetch_all(&mut **self.0)
                .await?;
        let kinds = records.into_iter().map(|(id, kind)| Ok((id, number(kind)?)));
        kinds.collect()
    }

    async fn nest(&mut self, outer: &str, inner: &[&str]) -> Result<()> {
        sqlx::query(
            "INSERT INTO group_nested (group_id, inner_id) SELECT $1, g.id FROM groups g WHERE g.id = ANY($2)
             ON CONFLICT DO NOTHING",
        )
        .bind(outer)
        .bind(inner)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn unnest(&mut self, outer: &str, inner: &[&str]) -> Result<()> {
        sqlx::query("DELETE FROM group_nested WHERE group_id = $1 AND inner_id = ANY($2)")
            .bind(outer)
            .bind(inner)
            .execute(&mut **self.0)
            .await?;
        Ok(())
    }

    async fn facts(&mut self, kind: GroupKind, ids: &[&str]) -> Result<Vec<Facts>> {
        self.read_facts(kind, Which::These(ids)).await
    }

    async fn facts_after(&mut self, kind: GroupKind, after: &str, limit: u32) -> Result<Vec<Facts>> {
        self.read_facts(kind, Which::After(after, i64::from(limit))).await
    }

    async fn fixed(&mut self, members: &[&str]) -> Result<Vec<Pair>> {
        Ok(
            sqlx::query_as("SELECT f.group_id, f.member FROM group_fixed f WHERE f.member = ANY($1)")
                .bind(members)
                .fetch_all(&mut **self.0)
                .await?,
        )
    }

    async fn current(&mut self, members: &[&str], groups: Option<&[&str]>) -> Result<Vec<Pair>> {
        let mut sql =
            String::from("SELECT m.group_id, m.member FROM group_members m WHERE m.member = ANY($1)");
        if groups.is_some() {
            sql.push_str(" AND m.group_id = ANY($2)");
        }
        let query = sqlx::query_as(AssertSqlSafe(sql)).bind(members);
        let query = match groups {
            Some(groups) => query.bind(groups),
            None => query,
        };
        Ok(query.fetch_all(&mut **self.0).await?)
    }

    async fn add(&mut self, pairs: &[(&str, &str)]) -> Result<()> {
        let (groups, members): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        sqlx::query(
            "INSERT INTO group_members (group_id, member) SELECT * FROM unnest($1::text[], $2::text[])",
        )
        .bind(groups)
        .bind(members)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn remove(&mut self, pairs: &[(&str, &str)]) -> Result<()> {
        let (groups, members): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        sqlx::query(
            "DELETE FROM group_members m USING unnest($1::text[], $2::text[]) AS j (group_id, member)
             WHERE m.group_id = j.group_id AND m.member = j.member",
        )
        .bind(groups)
        .bind(members)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn count(&mut self, more: &[(&str, i64)]) -> Result<()> {
        let (groups, more): (Vec<_>, Vec<_>) = more.iter().copied().unzip();
        sqlx::query(
            "UPDATE groups g SET members = g.members + j.more FROM unnest($1::text[], $2::bigint[]) AS j (id, more)
             WHERE g.id = j.id",
        )
        .bind(groups)
        .bind(more)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }

    async fn changed(&mut self, groups: &[&str], now: UnixMillis) -> Result<()> {
        sqlx::query(
            "INSERT INTO group_changes (group_id, at) SELECT id, $2 FROM unnest($1::text[]) AS j (id)
             ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
        )
        .bind(groups)
        .bind(now)
        .execute(&mut **self.0)
        .await?;
        Ok(())
    }
}
