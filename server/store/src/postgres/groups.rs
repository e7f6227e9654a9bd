use super::{
    Postgres, Write,
    membership::{PostgresDesk, groups_changed},
    people::DIALECT,
};
use crate::{
    Result, StoreError,
    audit::tell,
    cursor::Walk,
    groups::{Group, GroupEdit, Groups, MembersEdit, NewGroup},
    membership::{Compiled, Desk, edit_inside},
    numbers::Number,
    rows::{
        self,
        groups::{GROUP, GroupRecord, MEMBERS, MemberRecord, ORDER, UseRecord},
    },
    scim::{Filter, Found, GroupField, Slice, push_filter},
    text::{fold, storable},
};
use async_trait::async_trait;
use contract::{
    Code, GroupId, Page, PageQuery, UnixMillis,
    groups::{GroupKind, GroupQuery, GroupRow, GroupUse, MemberRow, Rule, RulePreview},
};
use sqlx::{AssertSqlSafe, QueryBuilder};

/// The table of a kind's members, and what they are called by.
fn table(kind: GroupKind) -> (&'static str, &'static str) {
    match kind {
        GroupKind::People => ("people", "user_name"),
        GroupKind::Devices => ("devices", "serial"),
    }
}

#[async_trait]
impl Groups for Postgres {
    async fn group_list(&self, query: &GroupQuery) -> Result<Page<GroupRow>> {
        let walk = Walk::new(&query.page, ORDER)?;
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!("SELECT {GROUP} FROM groups g WHERE "));
        push_query(&mut sql, query);
        walk.push_from(&mut sql, "g.sort_name");
        walk.push_order(&mut sql, &["g.sort_name"]);
        let records: Vec<GroupRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = QueryBuilder::new("SELECT count(*) FROM groups g WHERE ");
                push_query(&mut sql, query);
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, GroupRecord::key))
    }

    async fn group(&self, id: &GroupId) -> Result<Group> {
        read(&mut self.read().await?, id).await
    }

    async fn group_named(&self, name: &str) -> Result<Option<GroupRow>> {
        let sql = format!("SELECT {GROUP} FROM groups g WHERE g.sort_name = $1");
        let record: Option<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(name))
            .fetch_optional(&self.pool)
            .await?;
        record.map(GroupRow::try_from).transpose()
    }

    async fn inner_groups(&self, id: &GroupId) -> Result<Vec<GroupRow>> {
        let sql = format!(
            "SELECT {GROUP} FROM group_nested n JOIN groups g ON g.id = n.inner_id
             WHERE n.group_id = $1 ORDER BY g.sort_name"
        );
        let records: Vec<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn outer_groups(&self, id: &GroupId) -> Result<Vec<GroupRow>> {
        let sql = format!(
            "SELECT {GROUP} FROM group_nested n JOIN groups g ON g.id = n.group_id
             WHERE n.inner_id = $1 ORDER BY g.sort_name"
        );
        let records: Vec<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn groups_of(&self, member: &str, limit: u32) -> Result<Vec<GroupRow>> {
        let sql = format!(
            "SELECT {GROUP} FROM group_members m JOIN groups g ON g.id = m.group_id
             WHERE m.member = $1 ORDER BY g.sort_name LIMIT $2"
        );
        let records: Vec<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(member)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn group_members(&self, id: &GroupId, page: &PageQuery) -> Result<Page<MemberRow>> {
        let walk = Walk::new(page, MEMBERS)?;
        let mut tx = self.read().await?;
        let GroupRow { kind, members, .. } = read(&mut tx, id).await?.row;
        let (table, called) = table(kind);
        let mut sql = QueryBuilder::new(format!(
            "SELECT x.id, x.name, x.sort_name, x.{called} AS \"key\",
                 EXISTS (SELECT 1 FROM group_fixed f WHERE f.member = x.id AND f.group_id = "
        ));
        sql.push_bind(id.as_str().to_owned()).push(") AS fixed ");
        sql.push(format!(
            "FROM group_members m JOIN {table} x ON x.id = m.member WHERE m.group_id = "
        ))
        .push_bind(id.as_str().to_owned());
        walk.push_from(&mut sql, "x.sort_name, x.id");
        walk.push_order(&mut sql, &["x.sort_name", "x.id"]);
        let records: Vec<MemberRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        Ok(walk
            .page(records, Some(members), MemberRecord::key)
            .map(MemberRow::from))
    }

    async fn rule_preview(&self, kind: GroupKind, rule: &Rule) -> Result<RulePreview> {
        let rule = Compiled::from(rule);
        let mut tx = self.read().await?;
        let mut members = 0;
        let mut first = Vec::new();
        let mut after = String::new();
        loop {
            let facts = PostgresDesk(&mut tx).facts_after(kind, &after, 5_000).await?;
            let Some(last) = facts.last() else { break };
            after.clone_from(&last.id);
            for facts in facts.into_iter().filter(|facts| rule.takes(facts)) {
                members += 1;
                if first.len() < RulePreview::MOST {
                    first.push(facts.id);
                }
            }
        }
        let (table, called) = table(kind);
        let sql = format!(
            "SELECT x.id, x.name, x.sort_name, x.{called} AS \"key\", false AS fixed
             FROM {table} x WHERE x.id = ANY($1) ORDER BY x.sort_name, x.id"
        );
        let sample: Vec<MemberRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(&first)
            .fetch_all(&mut *tx)
            .await?;
        Ok(RulePreview {
            members,
            sample: sample.into_iter().map(MemberRow::from).collect(),
        })
    }

    async fn members_named(&self, kind: GroupKind, names: &[String]) -> Result<Vec<(String, String)>> {
        let (table, column) = match kind {
            GroupKind::People => ("people", "user_name_key"),
            GroupKind::Devices => ("devices", "serial"),
        };
        let names: Vec<_> = names.iter().map(|name| storable(name)).collect();
        let keys: Vec<_> = names
            .iter()
            .map(|name| match kind {
                GroupKind::People => fold(name),
                GroupKind::Devices => name.trim().to_uppercase(),
            })
            .collect();
        let sql = format!(
            "SELECT j.name, x.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS j (name, key, place)
             JOIN {table} x ON x.{column} = j.key ORDER BY j.place"
        );
        Ok(sqlx::query_as(AssertSqlSafe(sql))
            .bind(names)
            .bind(keys)
            .fetch_all(&self.pool)
            .await?)
    }

    async fn insert_group(&self, group: &NewGroup, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_members().await?;
        name_is_free(&mut tx, &group.id, &group.name).await?;
        let rule = group.rule.as_ref().map(serde_json::to_string).transpose()?;
        sqlx::query(
            "INSERT INTO groups (id, name, sort_name, kind, rule, source, external_id, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        )
        .bind(group.id.as_str())
        .bind(&group.name)
        .bind(fold(&group.name))
        .bind(group.kind.number())
        .bind(&rule)
        .bind(group.source.as_str())
        .bind(&group.external_id)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        put_in(&mut tx, &group.id, group.kind, &group.members).await?;
        let mut members = group.members.clone();
        let inner = [MembersEdit::Add(group.inner.clone())];
        for inner in edit_inside(&mut PostgresDesk(&mut tx), group.kind, group.id.as_str(), &inner).await? {
            members.extend(members_of(&mut tx, &inner).await?);
        }
        let members: Vec<_> = members.iter().map(String::as_str).collect();
        let concerned = rule.is_none().then_some(members.as_slice());
        groups_changed(&mut tx, group.kind, &[group.id.as_str()], concerned, now).await?;
        tx.commit().await
    }

    async fn change_group(&self, id: &GroupId, edit: &GroupEdit, now: UnixMillis) -> Result<i64> {
        let mut tx = self.write_members().await?;
        let old = read(&mut tx, id).await?;
        if edit.expected.is_some_and(|expected| expected != old.version) {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        let mut changed = false;
        if let Some(name) = edit.name.as_ref().filter(|name| **name != old.row.name) {
            changed = true;
            name_is_free(&mut tx, id, name).await?;
            sqlx::query("UPDATE groups SET name = $1, sort_name = $2 WHERE id = $3")
                .bind(name)
                .bind(fold(name))
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        if let Some(external_id) = edit.external_id.as_ref().filter(|id| **id != old.external_id) {
            changed = true;
            sqlx::query("UPDATE groups SET external_id = $1 WHERE id = $2")
                .bind(external_id)
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        if let Some(rule) = edit
            .rule
            .as_ref()
            .filter(|rule| Some(*rule) != old.row.rule.as_ref())
        {
            changed = true;
            sqlx::query("UPDATE groups SET rule = $1 WHERE id = $2")
                .bind(serde_json::to_string(rule)?)
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        let mut added = 0;
        let mut concerned = Vec::new();
        for edit in &edit.members {
            match edit {
                MembersEdit::Add(members) => {
                    added += put_in(&mut tx, id, old.row.kind, members).await?;
                    concerned.extend(members.iter().cloned());
                }
                MembersEdit::Remove(members) => {
                    changed |= take_out(&mut tx, id, members).await? > 0;
                    concerned.extend(members.iter().cloned());
                }
                MembersEdit::Set(members) => {
                    let out = take_out_others(&mut tx, id, members).await?;
                    changed |= !out.is_empty();
                    concerned.extend(out);
                    added += put_in(&mut tx, id, old.row.kind, members).await?;
                    concerned.extend(members.iter().cloned());
                }
            }
        }
        let moved = edit_inside(&mut PostgresDesk(&mut tx), old.row.kind, id.as_str(), &edit.inner).await?;
        changed |= !moved.is_empty();
        for inner in moved {
            concerned.extend(members_of(&mut tx, &inner).await?);
        }
        if !changed && added == 0 {
            return Ok(0);
        }
        sqlx::query("UPDATE groups SET version = version + 1, changed_at = $1 WHERE id = $2")
            .bind(now)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        let members: Vec<_> = concerned.iter().map(String::as_str).collect();
        let everybody = edit
            .rule
            .as_ref()
            .is_some_and(|rule| Some(rule) != old.row.rule.as_ref());
        if everybody || !members.is_empty() {
            let concerned = (!everybody).then_some(members.as_slice());
            groups_changed(&mut tx, old.row.kind, &[id.as_str()], concerned, now).await?;
        }
        tell("after", read(&mut tx, id).await?.told())?;
        tx.commit().await?;
        Ok(added)
    }

    async fn nest_group(&self, id: &GroupId, inner: &GroupId, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_members().await?;
        read(&mut tx, inner).await?;
        let edit = MembersEdit::Add(vec![inner.0.clone()]);
        if edit_one(&mut tx, id, inner, edit, now).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn unnest_group(&self, id: &GroupId, inner: &GroupId, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_members().await?;
        let edit = MembersEdit::Remove(vec![inner.0.clone()]);
        if edit_one(&mut tx, id, inner, edit, now).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn group_uses(&self, id: &GroupId) -> Result<Vec<GroupUse>> {
        let records: Vec<UseRecord> = sqlx::query_as(
            "SELECT a.id, a.name, l.name AS location_name FROM assignments s JOIN assets a ON a.id = s.asset
             JOIN locations l ON l.id = a.location WHERE s.group_id = $1 ORDER BY a.sort_name, a.id LIMIT $2",
        )
        .bind(id.as_str())
        .bind(i64::from(GroupUse::MOST))
        .fetch_all(&self.pool)
        .await?;
        Ok(records.into_iter().map(GroupUse::from).collect())
    }

    async fn delete_group(&self, id: &GroupId, expected: Option<i64>, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_members().await?;
        // Whoever is assigning it to something comes first or finds it gone.
        sqlx::query("SELECT FROM groups WHERE id = $1 FOR UPDATE")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        let old = read(&mut tx, id).await?;
        if expected.is_some_and(|expected| expected != old.version) {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        let used: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM assignments WHERE group_id = $1)")
            .bind(id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        if used {
            return Err(StoreError::Refused(Code::GroupInUse));
        }
        let members = members_of(&mut tx, id.as_str()).await?;
        let outer: Vec<(String,)> = sqlx::query_as("SELECT group_id FROM group_nested WHERE inner_id = $1")
            .bind(id.as_str())
            .fetch_all(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO group_changes (group_id, at) VALUES ($1, $2)
             ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
        )
        .bind(id.as_str())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        for sql in [
            "DELETE FROM group_members WHERE group_id = $1",
            "DELETE FROM groups WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id.as_str()).execute(&mut *tx).await?;
        }
        let members: Vec<_> = members.iter().map(String::as_str).collect();
        let outer: Vec<_> = outer.iter().map(|(id,)| id.as_str()).collect();
        groups_changed(&mut tx, old.row.kind, &outer, Some(&members), now).await?;
        tx.commit().await
    }

    async fn fixed_members(&self, id: &GroupId) -> Result<Vec<(String, String)>> {
        Ok(sqlx::query_as(
            "SELECT p.id, p.name FROM group_fixed f JOIN people p ON p.id = f.member
             WHERE f.group_id = $1 ORDER BY f.member",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?)
    }

    async fn unknown_people(&self, ids: &[String]) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT j.id FROM unnest($1::text[]) AS j (id) WHERE NOT EXISTS (SELECT FROM people p WHERE p.id = j.id)",
        )
        .bind(ids)
        .fetch_all(&self.pool)
        .await?)
    }

    async fn find_groups(&self, filter: Option<&Filter<GroupField>>, slice: Slice) -> Result<Found<Group>> {
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new("SELECT count(*) FROM groups g WHERE ");
        push_where(&mut sql, filter);
        let total = sql.build_query_scalar().fetch_one(&mut *tx).await?;
        let mut sql = QueryBuilder::new(format!("SELECT {GROUP} FROM groups g WHERE "));
        push_where(&mut sql, filter);
        sql.push(" ORDER BY g.id LIMIT ").push_bind(slice.take);
        sql.push(" OFFSET ").push_bind(slice.skip);
        let records: Vec<GroupRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        Ok(Found {
            total,
            rows: rows::all(records)?,
        })
    }
}

fn push_where(sql: &mut QueryBuilder<sqlx::Postgres>, filter: Option<&Filter<GroupField>>) {
    sql.push("g.kind = 0 AND g.rule IS NULL");
    if let Some(filter) = filter {
        sql.push(" AND ");
        push_filter(sql, filter, DIALECT);
    }
}

fn push_query(sql: &mut QueryBuilder<sqlx::Postgres>, query: &GroupQuery) {
    sql.push("1 = 1");
    let search = fold(&query.search);
    if !search.is_empty() {
        sql.push(" AND strpos(g.sort_name, ")
            .push_bind(search)
            .push(") > 0");
    }
    if let Some(kind) = query.kind {
        sql.push(" AND g.kind = ").push_bind(kind.number());
    }
}

async fn read(tx: &mut Write, id: &GroupId) -> Result<Group> {
    let sql = format!("SELECT {GROUP} FROM groups g WHERE g.id = $1");
    let record: GroupRecord = sqlx::query_as(AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_one(&mut **tx)
        .await?;
    record.try_into()
}

async fn name_is_free(tx: &mut Write, id: &GroupId, name: &str) -> Result<()> {
    let taken: Option<(i64,)> =
        sqlx::query_as("SELECT 1::bigint FROM groups WHERE sort_name = $1 AND id <> $2")
            .bind(fold(&storable(name)))
            .bind(id.as_str())
            .fetch_optional(&mut **tx)
            .await?;
    match taken {
        Some(_) => Err(StoreError::Taken(Code::NameTaken)),
        None => Ok(()),
    }
}

/// How many were not in it before.
async fn put_in(tx: &mut Write, id: &GroupId, kind: GroupKind, members: &[String]) -> Result<i64> {
    let (table, _) = table(kind);
    let sql = format!(
        "INSERT INTO group_fixed (group_id, member) SELECT $2, x.id FROM {table} x WHERE x.id = ANY($1)
         ON CONFLICT DO NOTHING"
    );
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(members)
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// How many went.
async fn take_out(tx: &mut Write, id: &GroupId, members: &[String]) -> Result<u64> {
    let done = sqlx::query("DELETE FROM group_fixed WHERE group_id = $2 AND member = ANY($1)")
        .bind(members)
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// Who went.
async fn take_out_others(tx: &mut Write, id: &GroupId, members: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "DELETE FROM group_fixed f WHERE f.group_id = $2
             AND NOT EXISTS (SELECT FROM unnest($1::text[]) AS j (id) WHERE j.id = f.member)
         RETURNING f.member",
    )
    .bind(members)
    .bind(id.as_str())
    .fetch_all(&mut **tx)
    .await?)
}

async fn members_of(tx: &mut Write, id: &str) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar("SELECT member FROM group_members WHERE group_id = $1")
            .bind(id)
            .fetch_all(&mut **tx)
            .await?,
    )
}

/// Puts `inner` inside of the group or takes it out. Answers whether it was not so already.
async fn edit_one(
    tx: &mut Write,
    id: &GroupId,
    inner: &GroupId,
    edit: MembersEdit,
    now: UnixMillis,
) -> Result<bool> {
    let kind = read(tx, id).await?.row.kind;
    let moved = edit_inside(&mut PostgresDesk(tx), kind, id.as_str(), &[edit]).await?;
    if moved.is_empty() {
        return Ok(false);
    }
    sqlx::query("UPDATE groups SET version = version + 1, changed_at = $1 WHERE id = $2")
        .bind(now)
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    let members = members_of(tx, inner.as_str()).await?;
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    groups_changed(tx, kind, &[id.as_str()], Some(&members), now).await?;
    Ok(true)
}
