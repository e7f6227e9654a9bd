use super::{
    Commit, Sqlite, Write, json,
    membership::{SqliteDesk, groups_changed},
    people::DIALECT,
    pieces,
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

/// From so many members on a group is read along the list of all names, below member by member.
const MANY: i64 = 2_000;

#[async_trait]
impl Groups for Sqlite {
    async fn group_list(&self, query: &GroupQuery) -> Result<Page<GroupRow>> {
        let walk = Walk::new(&query.page, ORDER)?;
        let mut tx = self.read().await?;
        // The ids first: the index of names holds them, so that rules are read of one page alone.
        let few = pieces::of_few(&mut tx, "groups_pieces", &fold(&query.search)).await?;
        let mut sql = QueryBuilder::new(format!("SELECT {GROUP} FROM (SELECT g.id AS key_id FROM "));
        push_query(&mut sql, query, few.as_deref());
        walk.push_from(&mut sql, "g.sort_name");
        walk.push_order(&mut sql, &["g.sort_name"]);
        sql.push(") k CROSS JOIN groups g ON g.id = k.key_id");
        walk.push_order(&mut sql, &["g.sort_name"]);
        let records: Vec<GroupRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = QueryBuilder::new("SELECT count(*) FROM ");
                push_query(&mut sql, query, few.as_deref());
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, GroupRecord::key))
    }

    async fn group(&self, id: &GroupId) -> Result<Group> {
        read(&mut self.read().await?, id).await
    }

    async fn group_named(&self, name: &str) -> Result<Option<GroupRow>> {
        let sql = format!("SELECT {GROUP} FROM groups g WHERE g.sort_name = ?");
        let record: Option<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(name))
            .fetch_optional(&self.readers)
            .await?;
        record.map(GroupRow::try_from).transpose()
    }

    async fn inner_groups(&self, id: &GroupId) -> Result<Vec<GroupRow>> {
        let sql = format!(
            "SELECT {GROUP} FROM group_nested n JOIN groups g ON g.id = n.inner_id
             WHERE n.group_id = ? ORDER BY g.sort_name"
        );
        let records: Vec<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn outer_groups(&self, id: &GroupId) -> Result<Vec<GroupRow>> {
        let sql = format!(
            "SELECT {GROUP} FROM group_nested n JOIN groups g ON g.id = n.group_id
             WHERE n.inner_id = ? ORDER BY g.sort_name"
        );
        let records: Vec<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn groups_of(&self, member: &str, limit: u32) -> Result<Vec<GroupRow>> {
        let sql = format!(
            "SELECT {GROUP} FROM group_members m CROSS JOIN groups g ON g.id = m.group_id
             WHERE m.member = ? ORDER BY g.sort_name LIMIT ?"
        );
        let records: Vec<GroupRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(member)
            .bind(limit)
            .fetch_all(&self.readers)
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
        if members < MANY {
            sql.push(format!(
                "FROM group_members m CROSS JOIN {table} x ON x.id = m.member WHERE m.group_id = "
            ))
            .push_bind(id.as_str().to_owned());
        } else {
            sql.push(format!(
                "FROM {table} x INDEXED BY {table}_by_name WHERE EXISTS (
                     SELECT 1 FROM group_members m WHERE m.member = x.id AND m.group_id = "
            ))
            .push_bind(id.as_str().to_owned())
            .push(")");
        }
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
            let facts = SqliteDesk(&mut tx).facts_after(kind, &after, 5_000).await?;
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
            "SELECT x.id, x.name, x.sort_name, x.{called} AS \"key\", 0 AS fixed
             FROM json_each(?) j CROSS JOIN {table} x ON x.id = j.value ORDER BY x.sort_name, x.id"
        );
        let sample: Vec<MemberRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(&first)?)
            .fetch_all(&mut *tx)
            .await?;
        Ok(RulePreview {
            members,
            sample: sample.into_iter().map(MemberRow::from).collect(),
        })
    }

    async fn members_named(&self, kind: GroupKind, names: &[String]) -> Result<Vec<(String, String)>> {
        let (table, column, keys): (_, _, Vec<(&String, String)>) = match kind {
            GroupKind::People => (
                "people",
                "user_name_key",
                names.iter().map(|name| (name, fold(name))).collect(),
            ),
            GroupKind::Devices => (
                "devices",
                "serial",
                names
                    .iter()
                    .map(|name| (name, name.trim().to_uppercase()))
                    .collect(),
            ),
        };
        let sql = format!(
            "SELECT j.value ->> 0, x.id FROM json_each(?) j CROSS JOIN {table} x ON x.{column} = j.value ->> 1
             ORDER BY j.key"
        );
        Ok(sqlx::query_as(AssertSqlSafe(sql))
            .bind(json(&keys)?)
            .fetch_all(&self.readers)
            .await?)
    }

    async fn insert_group(&self, group: &NewGroup, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        name_is_free(&mut tx, &group.id, &group.name).await?;
        let rule = group.rule.as_ref().map(serde_json::to_string).transpose()?;
        sqlx::query(
            "INSERT INTO groups (id, name, sort_name, kind, rule, source, external_id, created_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
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
        for inner in edit_inside(&mut SqliteDesk(&mut tx), group.kind, group.id.as_str(), &inner).await? {
            members.extend(members_of(&mut tx, &inner).await?);
        }
        let members: Vec<_> = members.iter().map(String::as_str).collect();
        let concerned = rule.is_none().then_some(members.as_slice());
        groups_changed(&mut tx, group.kind, &[group.id.as_str()], concerned, now).await?;
        tx.commit().await
    }

    async fn change_group(&self, id: &GroupId, edit: &GroupEdit, now: UnixMillis) -> Result<i64> {
        let mut tx = self.write(Commit::Durable).await?;
        let old = read(&mut tx, id).await?;
        if edit.expected.is_some_and(|expected| expected != old.version) {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        let mut changed = false;
        if let Some(name) = edit.name.as_ref().filter(|name| **name != old.row.name) {
            changed = true;
            name_is_free(&mut tx, id, name).await?;
            sqlx::query("UPDATE groups SET name = ?, sort_name = ? WHERE id = ?")
                .bind(name)
                .bind(fold(name))
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        if let Some(external_id) = edit.external_id.as_ref().filter(|id| **id != old.external_id) {
            changed = true;
            sqlx::query("UPDATE groups SET external_id = ? WHERE id = ?")
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
            sqlx::query("UPDATE groups SET rule = ? WHERE id = ?")
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
        let moved = edit_inside(&mut SqliteDesk(&mut tx), old.row.kind, id.as_str(), &edit.inner).await?;
        changed |= !moved.is_empty();
        for inner in moved {
            concerned.extend(members_of(&mut tx, &inner).await?);
        }
        if !changed && added == 0 {
            return Ok(0);
        }
        sqlx::query("UPDATE groups SET version = version + 1, changed_at = ? WHERE id = ?")
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
        let mut tx = self.write(Commit::Durable).await?;
        read(&mut tx, inner).await?;
        let edit = MembersEdit::Add(vec![inner.0.clone()]);
        if edit_one(&mut tx, id, inner, edit, now).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn unnest_group(&self, id: &GroupId, inner: &GroupId, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let edit = MembersEdit::Remove(vec![inner.0.clone()]);
        if edit_one(&mut tx, id, inner, edit, now).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn group_uses(&self, id: &GroupId) -> Result<Vec<GroupUse>> {
        let records: Vec<UseRecord> = sqlx::query_as(
            "SELECT a.id, a.name, l.name AS location_name FROM assignments s JOIN assets a ON a.id = s.asset
             JOIN locations l ON l.id = a.location WHERE s.group_id = ? ORDER BY a.sort_name, a.id LIMIT ?",
        )
        .bind(id.as_str())
        .bind(i64::from(GroupUse::MOST))
        .fetch_all(&self.readers)
        .await?;
        Ok(records.into_iter().map(GroupUse::from).collect())
    }

    async fn delete_group(&self, id: &GroupId, expected: Option<i64>, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let old = read(&mut tx, id).await?;
        if expected.is_some_and(|expected| expected != old.version) {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        let used: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM assignments WHERE group_id = ?)")
            .bind(id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        if used {
            return Err(StoreError::Refused(Code::GroupInUse));
        }
        let members = members_of(&mut tx, id.as_str()).await?;
        let outer: Vec<(String,)> = sqlx::query_as("SELECT group_id FROM group_nested WHERE inner_id = ?")
            .bind(id.as_str())
            .fetch_all(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO group_changes (group_id, at) VALUES (?, ?)
             ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
        )
        .bind(id.as_str())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        for sql in [
            "DELETE FROM group_members WHERE group_id = ?",
            "DELETE FROM groups WHERE id = ?",
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
            "SELECT p.id, p.name FROM group_fixed f CROSS JOIN people p ON p.id = f.member
             WHERE f.group_id = ? ORDER BY f.member",
        )
        .bind(id.as_str())
        .fetch_all(&self.readers)
        .await?)
    }

    async fn unknown_people(&self, ids: &[String]) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT j.value FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id = j.value)",
        )
        .bind(json(ids)?)
        .fetch_all(&self.readers)
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

fn push_where(sql: &mut QueryBuilder<sqlx::Sqlite>, filter: Option<&Filter<GroupField>>) {
    sql.push("g.kind = 0 AND g.rule IS NULL");
    if let Some(filter) = filter {
        sql.push(" AND ");
        push_filter(sql, filter, DIALECT);
    }
}

/// What is listed, `g`; of `few`, where the search leaves few.
fn push_query(sql: &mut QueryBuilder<sqlx::Sqlite>, query: &GroupQuery, few: Option<&str>) {
    match few {
        Some(few) => {
            sql.push("json_each(").push_bind(few.to_owned()).push(
                ") f CROSS JOIN groups_numbers n ON n.number = f.value CROSS JOIN groups g ON g.id = n.id",
            );
        }
        None => _ = sql.push("groups g"),
    }
    sql.push(" WHERE 1 = 1");
    let search = fold(&query.search);
    if !search.is_empty() {
        sql.push(" AND instr(g.sort_name, ")
            .push_bind(search)
            .push(") > 0");
    }
    if let Some(kind) = query.kind {
        sql.push(" AND g.kind = ").push_bind(kind.number());
    }
}

async fn read(tx: &mut Write, id: &GroupId) -> Result<Group> {
    let sql = format!("SELECT {GROUP} FROM groups g WHERE g.id = ?");
    let record: GroupRecord = sqlx::query_as(AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_one(&mut **tx)
        .await?;
    record.try_into()
}

async fn name_is_free(tx: &mut Write, id: &GroupId, name: &str) -> Result<()> {
    let taken: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM groups WHERE sort_name = ? AND id <> ?")
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
        "INSERT OR IGNORE INTO group_fixed (group_id, member)
         SELECT ?2, x.id FROM json_each(?1) j CROSS JOIN {table} x ON x.id = j.value"
    );
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(json(members)?)
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// How many went.
async fn take_out(tx: &mut Write, id: &GroupId, members: &[String]) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM group_fixed WHERE group_id = ?2 AND member IN (SELECT value FROM json_each(?1))",
    )
    .bind(json(members)?)
    .bind(id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Who went.
async fn take_out_others(tx: &mut Write, id: &GroupId, members: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "DELETE FROM group_fixed WHERE group_id = ?2 AND member NOT IN (SELECT value FROM json_each(?1))
         RETURNING member",
    )
    .bind(json(members)?)
    .bind(id.as_str())
    .fetch_all(&mut **tx)
    .await?)
}

async fn members_of(tx: &mut Write, id: &str) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar("SELECT member FROM group_members WHERE group_id = ?")
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
    let moved = edit_inside(&mut SqliteDesk(tx), kind, id.as_str(), &[edit]).await?;
    if moved.is_empty() {
        return Ok(false);
    }
    sqlx::query("UPDATE groups SET version = version + 1, changed_at = ? WHERE id = ?")
        .bind(now)
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    let members = members_of(tx, inner.as_str()).await?;
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    groups_changed(tx, kind, &[id.as_str()], Some(&members), now).await?;
    Ok(true)
}
