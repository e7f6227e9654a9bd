use super::{Commit, Sqlite, Write, everything, json, operations, recount, standing, users};
use crate::{
    Result, StoreError,
    assignments::{
        Applied, Asker, Assignments, Fulfilment, Leave, LicenseOrigin, Mark, PlanningData, Queued, SpokenFor,
        StoredAssignment,
    },
    cursor::{Order, Part, Walk},
    locations::Fence,
    numbers::{self, Number},
    operations::{IN_LINE, NewOperation, Turns, given},
    rows::{
        self,
        assignments::{
            ASSIGNMENT, AssignmentRecord, CHOICE, ChoiceRecord, DRAWN, GAVE, Gathering, Gave, LOCATION_NAMES,
            MOVED, ORDER, ORIGIN, OriginRecord, PLAN_DEVICE, PLAN_LICENSE, PLAN_PERSON, PlanDeviceRecord,
            PlanLicenseRecord, PlanPersonRecord, SourceRecord, WAITING, WANTED, WaitingRecord, sources,
            target_columns, wanted,
        },
    },
    text::fold,
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, GroupId, LocationId, Page, PageQuery, UnixMillis,
    assignments::{AssignmentForm, AssignmentRow, Change, GroupChoice, WaitingRow, Wanted},
    licenses::Holder,
};
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, QueryBuilder};

/// The groups that are planned for: `?1` the assets, `?2` more groups.
const GROUPS: &str = "SELECT s.group_id FROM assignments s WHERE s.asset IN (SELECT value FROM json_each(?1))
    UNION SELECT value FROM json_each(?2)";

/// The ids of the devices that are planned for: in groups, of people in groups or with licences that assignments gave, or
/// with licences that assignments gave or that are not simply held.
fn devices() -> String {
    format!(
        "SELECT m.member FROM group_members m JOIN groups g ON g.id = m.group_id AND g.kind = 1
         WHERE m.group_id IN ({GROUPS})
         UNION
         SELECT d.id FROM group_members m JOIN groups g ON g.id = m.group_id AND g.kind = 0
         CROSS JOIN people p ON p.id = m.member CROSS JOIN devices d ON d.user_name_key = p.user_name_key
         WHERE m.group_id IN ({GROUPS}) AND d.user_name_key <> ''
         UNION
         SELECT d.id FROM licenses x INDEXED BY licenses_assigned CROSS JOIN devices d ON d.serial = x.holder
         WHERE x.asset IN (SELECT value FROM json_each(?1)) AND x.kind = 0 AND x.assignment IS NOT NULL
         UNION
         SELECT d.id FROM licenses x INDEXED BY licenses_not_held CROSS JOIN devices d ON d.serial = x.holder
         WHERE x.state IN (0, 1, 3, 4, 5) AND x.state <> 2 AND x.asset IN (SELECT value FROM json_each(?1))
             AND x.kind = 0
         UNION
         SELECT d.id FROM licenses x INDEXED BY licenses_assigned CROSS JOIN vpp_users u ON u.client_user_id = x.holder
         CROSS JOIN people p ON p.id = u.person CROSS JOIN devices d ON d.user_name_key = p.user_name_key
         WHERE x.asset IN (SELECT value FROM json_each(?1)) AND x.kind = 1 AND x.assignment IS NOT NULL
             AND d.user_name_key <> ''
         UNION
         {DRAWN} IN (SELECT value FROM json_each(?1))"
    )
}

#[async_trait]
impl Assignments for Sqlite {
    async fn assignments_of(&self, asset: AssetId) -> Result<Vec<StoredAssignment>> {
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset = ? ORDER BY {ORDER}"
        );
        let records: Vec<AssignmentRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn assignment_rows(&self, asset: AssetId) -> Result<Vec<AssignmentRow>> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset = ? ORDER BY coalesce(g.sort_name, s.group_id), s.number"
        );
        let records: Vec<AssignmentRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&mut *tx)
            .await?;
        let gave: Vec<Gave> = sqlx::query_as(GAVE).bind(asset.0).fetch_all(&mut *tx).await?;
        let locations: Vec<(String, String)> = sqlx::query_as(LOCATION_NAMES).fetch_all(&mut *tx).await?;
        let rows = records.into_iter().map(|record| record.row(&gave, &locations));
        rows.collect()
    }

    async fn license_origin(&self, asset: AssetId, holder: &Holder) -> Result<Option<LicenseOrigin>> {
        let record: Option<OriginRecord> = sqlx::query_as(ORIGIN)
            .bind(asset.0)
            .bind(holder.id())
            .bind(numbers::kind(holder))
            .fetch_optional(&self.readers)
            .await?;
        record.map(LicenseOrigin::try_from).transpose()
    }

    async fn wanted(&self, asset: AssetId, who: &Asker) -> Result<Wanted> {
        let (member, kind) = who.parts();
        let rows: Vec<(i64, i64)> = sqlx::query_as(WANTED)
            .bind(asset.0)
            .bind(member)
            .bind(kind)
            .fetch_all(&self.readers)
            .await?;
        Ok(wanted(rows))
    }

    async fn spoken_for(&self, asset: AssetId) -> Result<SpokenFor> {
        let (requested, kept): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM licenses y WHERE y.asset = ?1 AND y.state = 1),
                 coalesce(sum(max(s.reserved - (SELECT count(*) FROM licenses x
                     WHERE x.asset = s.asset AND x.assignment = s.number AND x.state IN (1, 2, 3)), 0)), 0)
             FROM assignments s WHERE s.asset = ?1 AND s.reserved > 0",
        )
        .bind(asset.0)
        .fetch_one(&self.readers)
        .await?;
        Ok(SpokenFor { requested, kept })
    }

    async fn group_choices(&self, search: &str) -> Result<Vec<GroupChoice>> {
        let sql = format!(
            "SELECT {CHOICE} FROM groups g WHERE instr(g.sort_name, ?) > 0 ORDER BY g.sort_name LIMIT ?"
        );
        let records: Vec<ChoiceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(search))
            .bind(GroupChoice::MOST)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn group_choice(&self, id: &GroupId) -> Result<Option<GroupChoice>> {
        let sql = format!("SELECT {CHOICE} FROM groups g WHERE g.id = ?");
        let record: Option<ChoiceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        record.map(GroupChoice::try_from).transpose()
    }

    async fn waiting_list(&self, asset: AssetId, page: &PageQuery) -> Result<Page<WaitingRow>> {
        let order = Order {
            name: "waiting",
            parts: &[Part::Number],
        };
        let walk = Walk::new(page, order)?;
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT * FROM ({WAITING} WHERE x.state = 0 AND x.state <> 2 AND x.asset = "
        ));
        sql.push_bind(asset.0).push(") w WHERE 1 = 1");
        walk.push_from(&mut sql, "w.place");
        walk.push_order(&mut sql, &["w.place"]);
        let records: Vec<WaitingRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total: Option<i64> = sqlx::query_scalar("SELECT waiting FROM assets WHERE id = ?")
            .bind(asset.0)
            .fetch_optional(&mut *tx)
            .await?;
        rows::page(walk.page(records, total, |row| vec![row.place.into()]))
    }

    async fn planning_data(
        &self,
        assets: &[AssetId],
        more: &[GroupId],
        draw: Option<&LocationId>,
    ) -> Result<PlanningData> {
        let (ids, more) = (json(assets)?, json(more)?);
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {PLAN_PERSON} FROM people p
             LEFT JOIN vpp_users u ON u.person = p.id AND u.location = (
                 SELECT a.location FROM assets a WHERE a.id = (SELECT value FROM json_each(?1) LIMIT 1))
             WHERE p.id IN (
                 SELECT m.member FROM group_members m JOIN groups g ON g.id = m.group_id AND g.kind = 0
                 WHERE m.group_id IN ({GROUPS}))
             OR p.user_name_key IN (SELECT d.user_name_key FROM devices d WHERE d.id IN ({}))
             OR p.id IN (SELECT h.person FROM licenses x INDEXED BY licenses_assigned
                 CROSS JOIN vpp_users h ON h.client_user_id = x.holder
                 WHERE x.asset IN (SELECT value FROM json_each(?1)) AND x.kind = 1 AND x.assignment IS NOT NULL)
             OR p.id IN (SELECT h.person FROM licenses x INDEXED BY licenses_not_held
                 CROSS JOIN vpp_users h ON h.client_user_id = x.holder
                 WHERE x.state IN (0, 1, 3, 4, 5) AND x.state <> 2 AND x.asset IN (SELECT value FROM json_each(?1))
                     AND x.kind = 1)
             ORDER BY p.id, u.account",
            devices()
        );
        let people: Vec<PlanPersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(&ids)
            .bind(&more)
            .fetch_all(&mut *tx)
            .await?;
        let sql = format!(
            "SELECT {PLAN_DEVICE} FROM devices d WHERE d.id IN ({}) ORDER BY d.id",
            devices()
        );
        let devices: Vec<PlanDeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(&ids)
            .bind(&more)
            .fetch_all(&mut *tx)
            .await?;
        let mut gathering = Gathering::new(assets, people, devices)?;
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset IN (SELECT value FROM json_each(?)) ORDER BY {ORDER}"
        );
        let mut rows = sqlx::query_as::<_, AssignmentRecord>(AssertSqlSafe(sql))
            .bind(&ids)
            .fetch(&mut *tx);
        while let Some(record) = rows.try_next().await? {
            gathering.assignment(record)?;
        }
        drop(rows);
        let sql = format!("SELECT g.id, g.kind FROM groups g WHERE g.id IN ({GROUPS}) ORDER BY g.id");
        let groups: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(&ids)
            .bind(&more)
            .fetch_all(&mut *tx)
            .await?;
        for (id, kind) in groups {
            gathering.group(id, kind)?;
        }
        let sql = format!(
            "SELECT m.group_id, m.member FROM group_members m WHERE m.group_id IN ({GROUPS})
             ORDER BY m.group_id, m.member"
        );
        let mut rows = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(sql))
            .bind(&ids)
            .bind(&more)
            .fetch(&mut *tx);
        while let Some((group, member)) = rows.try_next().await? {
            gathering.member(&group, &member);
        }
        drop(rows);
        let sql =
            format!("SELECT {PLAN_LICENSE} FROM json_each(?) j CROSS JOIN licenses x ON x.asset = j.value");
        let mut rows = sqlx::query_as::<_, PlanLicenseRecord>(AssertSqlSafe(sql))
            .bind(&ids)
            .fetch(&mut *tx);
        while let Some(record) = rows.try_next().await? {
            gathering.license(record)?;
        }
        drop(rows);
        gather_sources(&mut tx, &ids, draw, &mut gathering).await?;
        gather_the_rest(&mut tx, &ids, &mut gathering).await?;
        Ok(gathering.end())
    }

    async fn fulfil(&self, fence: Option<&Fence>, fulfilment: &Fulfilment) -> Result<()> {
        let mut tx = match fence {
            Some(fence) => self.write_fenced(fence, Commit::Durable).await?,
            None => self.write(Commit::Durable).await?,
        };
        unchanged(&mut tx, &fulfilment.planned).await?;
        if let Some(applied) = &fulfilment.applied {
            as_it_was(&mut tx, applied).await?;
        }
        let number = match &fulfilment.applied {
            Some(applied) => apply(&mut tx, applied, fulfilment).await?,
            None => None,
        };
        if let Some((location, joining)) = &fulfilment.joining {
            users::join(&mut tx, location, joining, fulfilment.at).await?;
        }
        for operation in &fulfilment.operations {
            operations::insert(&mut tx, operation, Turns::ByHolder).await?;
        }
        enough(&mut tx, &fulfilment.operations).await?;
        if fulfilment.applied.is_some() {
            operations::tie(&mut tx, &fulfilment.operations).await?;
        }
        for mark in &fulfilment.marks {
            let Some(number) = mark.stored(number) else {
                continue;
            };
            for (kind, ids) in fulfilment.by_kind(&mark.holders) {
                sqlx::query(
                    "UPDATE licenses SET assignment = ?1
                     WHERE asset = ?2 AND kind = ?3 AND holder IN (SELECT value FROM json_each(?4))
                         AND (state IN (0, 1) OR state = 2 AND assignment IS NOT NULL)",
                )
                .bind(number)
                .bind(mark.asset.0)
                .bind(kind)
                .bind(json(&ids)?)
                .execute(&mut *tx)
                .await?;
            }
        }
        for left in &fulfilment.leaves {
            leave(&mut tx, fulfilment, left).await?;
        }
        for mark in &fulfilment.fails {
            fail(&mut tx, fulfilment, mark, mark.stored(number)).await?;
        }
        place(&mut tx, fulfilment).await?;
        write_errands(&mut tx, fulfilment).await?;
        for location in locations_of(&mut tx, fulfilment).await? {
            recount(&mut tx, &location).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn assigned_of(&self, assets: &[AssetId]) -> Result<Vec<AssetId>> {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT s.asset FROM assignments s WHERE s.asset IN (SELECT value FROM json_each(?)) ORDER BY s.asset",
        )
        .bind(json(assets)?)
        .fetch_all(&self.readers)
        .await?;
        Ok(found.into_iter().map(AssetId).collect())
    }

    async fn revoke_everything(
        &self,
        location: &LocationId,
        operations: &[NewOperation],
        by: &str,
        now: UnixMillis,
    ) -> Result<u64> {
        let mut tx = self.write(Commit::Durable).await?;
        for operation in operations {
            operations::insert(&mut tx, operation, Turns::ByHolder).await?;
            sqlx::query("UPDATE operations SET everything = true WHERE id = ?")
                .bind(operation.id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        let assignments = everything::give_nothing(&mut tx, location, by, now).await?;
        recount(&mut tx, location).await?;
        tx.commit().await?;
        Ok(assignments)
    }

    async fn ask(&self, asset: AssetId, who: &Asker, now: UnixMillis) -> Result<()> {
        let (member, kind) = who.parts();
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO asked (asset, member, kind, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (asset, member, kind) DO UPDATE SET at = excluded.at",
        )
        .bind(asset.0)
        .bind(member)
        .bind(kind)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn queue_changed_groups(&self) -> Result<bool> {
        // Most of the time there are none: then nothing is locked.
        let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM group_changes)")
            .fetch_one(&self.readers)
            .await?;
        if !some {
            return Ok(false);
        }
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO plan_queue (asset, stamp, not_before)
             SELECT DISTINCT s.asset, 1, 0 FROM group_changes c CROSS JOIN assignments s ON s.group_id = c.group_id WHERE true
             ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1, not_before = 0",
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM group_changes").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn assets_to_plan(
        &self,
        location: &LocationId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Queued>> {
        let sql = format!(
            "SELECT q.asset, q.stamp FROM plan_queue q CROSS JOIN assets a ON a.id = q.asset
             WHERE a.location = ?1 AND a.stage = 1 AND q.not_before <= ?2 AND NOT EXISTS (SELECT 1 FROM doubts d
                 WHERE d.location = a.location AND d.adam_id = a.adam_id AND d.pricing_param = a.pricing_param)
                 AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = a.location AND t.state IN ({}))
             ORDER BY q.asset LIMIT ?3",
            standing::may_assign()
        );
        let queued: Vec<(i64, i64)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .bind(now)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        Ok(queued
            .into_iter()
            .map(|(asset, stamp)| (AssetId(asset), stamp))
            .collect())
    }

    async fn planned(&self, fence: &Fence, queued: &[Queued]) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let queued: Vec<_> = queued.iter().map(|(asset, stamp)| (asset.0, stamp)).collect();
        sqlx::query(
            "DELETE FROM plan_queue
             WHERE (asset, stamp) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
        )
        .bind(json(&queued)?)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn plan_later(&self, fence: &Fence, asset: Option<AssetId>, not_before: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE plan_queue SET not_before = max(not_before, ?1)
             WHERE asset IN (SELECT id FROM assets WHERE location = ?2 AND id = ifnull(?3, id)
                 UNION SELECT s.asset FROM licenses x CROSS JOIN assignments s ON s.number = x.assignment
                 WHERE x.asset = ?3 AND x.state = 5 AND x.assignment IS NOT NULL)",
        )
        .bind(not_before)
        .bind(fence.location.as_str())
        .bind(asset.map(|asset| asset.0))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

/// Who asked, what is lost, and what devices are to do.
async fn gather_sources(
    tx: &mut Write,
    ids: &str,
    draw: Option<&LocationId>,
    gathering: &mut Gathering,
) -> Result<()> {
    let sql = format!(
        "SELECT {} AND a.id IN (SELECT value FROM json_each(?1)) ORDER BY a.id, b.id",
        sources("s.settings", "?2", &standing::may_assign())
    );
    let records: Vec<SourceRecord> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(ids)
        .bind(draw.map(LocationId::as_str))
        .fetch_all(&mut **tx)
        .await?;
    for record in records {
        gathering.source(record);
    }
    let found = gathering.sources();
    if !found.is_empty() {
        let sql = format!(
            "SELECT {PLAN_LICENSE} FROM json_each(?) j CROSS JOIN licenses x ON x.asset = j.value WHERE x.kind = 0"
        );
        let mut rows = sqlx::query_as::<_, PlanLicenseRecord>(AssertSqlSafe(sql))
            .bind(json(&found)?)
            .fetch(&mut **tx);
        while let Some(record) = rows.try_next().await? {
            gathering.drawn(record)?;
        }
    }
    let strangers = gathering.strangers();
    if !strangers.is_empty() {
        let known: Vec<i64> = sqlx::query_scalar(
            "SELECT number FROM assignments WHERE number IN (SELECT value FROM json_each(?))",
        )
        .bind(json(&strangers)?)
        .fetch_all(&mut **tx)
        .await?;
        gathering.foreign(&known);
    }
    Ok(())
}

async fn gather_the_rest(tx: &mut Write, ids: &str, gathering: &mut Gathering) -> Result<()> {
    let removed = sqlx::query_scalar("SELECT assignment FROM removed_license_only")
        .fetch_all(&mut **tx)
        .await?;
    gathering.removed_license_only(removed);
    let asked: Vec<(i64, String, i64, i64)> = sqlx::query_as(
        "SELECT asset, member, kind, at FROM asked WHERE asset IN (SELECT value FROM json_each(?))",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for (asset, member, kind, at) in asked {
        gathering.asked(asset, &member, kind, at);
    }
    let lost: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT asset, holder, kind FROM lost_licenses WHERE asset IN (SELECT value FROM json_each(?))",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for (asset, holder, kind) in lost {
        gathering.lost(asset, &holder, kind);
    }
    let barred: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT asset, holder, at FROM reclaimed WHERE kind = 0 AND asset IN (SELECT value FROM json_each(?))",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for (asset, serial, at) in barred {
        gathering.barred(asset, &serial, at);
    }
    let sql = format!("{MOVED} AND m.asset IN (SELECT value FROM json_each(?))");
    let moved: Vec<(i64, String)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(ids)
        .fetch_all(&mut **tx)
        .await?;
    for (asset, holder) in moved {
        gathering.moved(asset, &holder);
    }
    let mut errands = sqlx::query_as::<_, (i64, String, i64)>(
        "SELECT asset, device, errand FROM errands WHERE asset IN (SELECT value FROM json_each(?))",
    )
    .bind(ids)
    .fetch(&mut **tx);
    while let Some((asset, device, errand)) = errands.try_next().await? {
        gathering.errand(asset, &device, errand)?;
    }
    Ok(())
}

/// The change itself; answers the number of the assignment that was saved.
async fn apply(tx: &mut Write, applied: &Applied, fulfilment: &Fulfilment) -> Result<Option<i64>> {
    let first = fulfilment.operations.first();
    operations::apply_plan(
        tx,
        &applied.plan,
        first.map_or("", |operation| operation.id.as_str()),
    )
    .await?;
    sqlx::query("UPDATE plans SET shown = ? WHERE id = ?")
        .bind(&applied.shown)
        .bind(applied.plan.as_str())
        .execute(&mut **tx)
        .await?;
    match &applied.change {
        Change::Save { asset, form } => Ok(Some(save(tx, *asset, form, applied, fulfilment.at).await?)),
        Change::Remove { asset, group } => {
            // Whoever keeps the licence has it by hand from now on.
            sqlx::query(
                "UPDATE licenses SET assignment = NULL WHERE asset = ?1 AND assignment = (SELECT s.number
                     FROM assignments s WHERE s.asset = ?1 AND s.group_id = ?2 AND s.settings ->> 'keep_licenses')",
            )
            .bind(asset.0)
            .bind(group.as_str())
            .execute(&mut **tx)
            .await?;
            sqlx::query(
                "INSERT INTO removed_license_only (assignment) SELECT s.number FROM assignments s
                 WHERE s.asset = ? AND s.group_id = ? AND s.settings ->> 'license_only'",
            )
            .bind(asset.0)
            .bind(group.as_str())
            .execute(&mut **tx)
            .await?;
            sqlx::query("DELETE FROM assignments WHERE asset = ? AND group_id = ?")
                .bind(asset.0)
                .bind(group.as_str())
                .execute(&mut **tx)
                .await?;
            Ok(None)
        }
    }
}

async fn save(
    tx: &mut Write,
    asset: AssetId,
    form: &AssignmentForm,
    applied: &Applied,
    at: UnixMillis,
) -> Result<i64> {
    let (intent, kind) = target_columns(form.target);
    Ok(sqlx::query_scalar(
        "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved, created_at,
             created_by, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9)
         ON CONFLICT (asset, group_id) DO UPDATE SET intent = excluded.intent, kind = excluded.kind,
             settings = excluded.settings, priority = excluded.priority, shortage = excluded.shortage,
             reserved = excluded.reserved, changed_at = excluded.changed_at
         RETURNING number",
    )
    .bind(asset.0)
    .bind(form.group.as_str())
    .bind(intent)
    .bind(kind)
    .bind(json(&form.settings)?)
    .bind(form.priority.number())
    .bind(form.shortage.number())
    .bind(form.reserved)
    .bind(at)
    .bind(&applied.by)
    .fetch_one(&mut **tx)
    .await?)
}

/// What was planned is still as it was when the facts were read: nothing queued it again, and no group that it is
/// assigned to waits to be looked at.
async fn unchanged(tx: &mut Write, planned: &[Queued]) -> Result<()> {
    let planned: Vec<_> = planned.iter().map(|(asset, stamp)| (asset.0, stamp)).collect();
    let changed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM json_each(?1) j LEFT JOIN plan_queue q ON q.asset = j.value ->> 0
                 WHERE q.stamp IS NOT j.value ->> 1)
             OR EXISTS (SELECT 1 FROM json_each(?1) j CROSS JOIN assignments s ON s.asset = j.value ->> 0
                 CROSS JOIN group_changes c ON c.group_id = s.group_id)",
    )
    .bind(json(&planned)?)
    .fetch_one(&mut **tx)
    .await?;
    if changed {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    Ok(())
}

/// The assignments are those that the change was looked at among, and its group is still there.
async fn as_it_was(tx: &mut Write, applied: &Applied) -> Result<()> {
    let among: Vec<(i64, i64)> =
        sqlx::query_as("SELECT number, changed_at FROM assignments WHERE asset = ? ORDER BY number")
            .bind(applied.change.asset().0)
            .fetch_all(&mut **tx)
            .await?;
    let there = match &applied.change {
        Change::Remove { .. } => true,
        Change::Save { form, .. } => {
            let group: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM groups WHERE id = ?")
                .bind(form.group.as_str())
                .fetch_optional(&mut **tx)
                .await?;
            group.is_some()
        }
    };
    match there && among == applied.among {
        true => Ok(()),
        false => Err(StoreError::Taken(Code::PlanLapsed)),
    }
}

/// Two plans at once could give the last licence twice: whoever comes second is told that it has lapsed.
pub(super) async fn enough(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    let short: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM json_each(?) j CROSS JOIN assets a ON a.id = j.value
         WHERE NOT a.unlimited AND a.available < (SELECT count(*) FROM licenses x INDEXED BY licenses_not_held
             WHERE x.asset = a.id AND x.state = 1 AND x.state <> 2))",
    )
    .bind(json(&given(operations))?)
    .fetch_one(&mut **tx)
    .await?;
    if short {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    Ok(())
}

/// They wait no longer, and what failed is over.
async fn leave(tx: &mut Write, fulfilment: &Fulfilment, left: &Leave) -> Result<()> {
    let asset = left.asset;
    for (kind, ids) in fulfilment.by_kind(&left.holders) {
        let ids = json(&ids)?;
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, actor, reason)
             SELECT ?1, 11, x.asset, x.holder, x.kind, ?2, ?6 FROM licenses x
             WHERE x.asset = ?3 AND x.kind = ?4 AND x.state = 0 AND x.holder IN (SELECT value FROM json_each(?5))",
        )
        .bind(fulfilment.at)
        .bind(&fulfilment.by)
        .bind(asset.0)
        .bind(kind)
        .bind(&ids)
        .bind(&left.reason)
        .execute(&mut **tx)
        .await?;
        let left: Vec<i64> = sqlx::query_scalar(
            "DELETE FROM licenses WHERE asset = ? AND kind = ? AND state IN (0, 5)
                 AND holder IN (SELECT value FROM json_each(?)) RETURNING state",
        )
        .bind(asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_all(&mut **tx)
        .await?;
        sqlx::query("UPDATE assets SET waiting = waiting - ?, listed = listed - ? WHERE id = ?")
            .bind(left.iter().filter(|state| **state == 0).count() as i64)
            .bind(left.len() as i64)
            .bind(asset.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Those that have nothing yet, or wait, have failed.
async fn fail(tx: &mut Write, fulfilment: &Fulfilment, mark: &Mark, number: Option<i64>) -> Result<()> {
    for (kind, ids) in fulfilment.by_kind(&mark.holders) {
        let ids = json(&ids)?;
        let waited: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM licenses
             WHERE asset = ? AND kind = ? AND state = 0 AND holder IN (SELECT value FROM json_each(?))",
        )
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_one(&mut **tx)
        .await?;
        let listed: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM json_each(?3) j WHERE NOT EXISTS (SELECT 1 FROM licenses x
                 WHERE x.asset = ?1 AND x.kind = ?2 AND x.holder = j.value)",
        )
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_one(&mut **tx)
        .await?;
        let sql = format!(
            "INSERT INTO licenses (asset, holder, kind, state, since, assignment)
             SELECT ?1, value, ?2, 5, ?4, ?5 FROM json_each(?3) WHERE true
             ON CONFLICT (asset, holder, kind) DO UPDATE SET state = 5,
                 since = CASE WHEN {IN_LINE} THEN licenses.since ELSE excluded.since END,
                 turn = CASE WHEN {IN_LINE} THEN licenses.turn ELSE 0 END,
                 assignment = excluded.assignment, error_number = NULL, error_message = NULL
             WHERE licenses.state IN (0, 4, 5)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(mark.asset.0)
            .bind(kind)
            .bind(&ids)
            .bind(fulfilment.at)
            .bind(number)
            .execute(&mut **tx)
            .await?;
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, actor, reason)
             SELECT ?1, 7, ?2, value, ?3, ?4, (SELECT coalesce(g.name, s.group_id) FROM assignments s
                 LEFT JOIN groups g ON g.id = s.group_id WHERE s.number = ?6) FROM json_each(?5)",
        )
        .bind(fulfilment.at)
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&fulfilment.by)
        .bind(&ids)
        .bind(number)
        .execute(&mut **tx)
        .await?;
        sqlx::query("UPDATE assets SET waiting = waiting - ?, listed = listed + ? WHERE id = ?")
            .bind(waited)
            .bind(listed)
            .bind(mark.asset.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// A8: whoever asked is in the line since then, whether it was written down as waiting, as requested or as failed.
async fn place(tx: &mut Write, fulfilment: &Fulfilment) -> Result<()> {
    let placed: Vec<_> = fulfilment
        .placed()
        .map(|(asset, holder, since)| (asset.0, holder.id(), numbers::kind(holder), since))
        .collect();
    if placed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE licenses SET since = j.value ->> 3, turn = 0 FROM json_each(?) j
         WHERE licenses.asset = j.value ->> 0 AND licenses.holder = j.value ->> 1 AND licenses.kind = j.value ->> 2
             AND licenses.state IN (0, 1, 5)",
    )
    .bind(json(&placed)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_errands(tx: &mut Write, fulfilment: &Fulfilment) -> Result<()> {
    let errands = fulfilment.errands.iter();
    let errands: Vec<_> = errands
        .map(|(asset, device, errand)| (asset.0, device.as_str(), errand.map(Number::number)))
        .collect();
    if errands.is_empty() {
        return Ok(());
    }
    let errands = json(&errands)?;
    sqlx::query(
        "DELETE FROM errands WHERE (asset, device) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)
             WHERE value ->> 2 IS NULL)",
    )
    .bind(&errands)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO errands (asset, device, errand, since)
         SELECT value ->> 0, value ->> 1, value ->> 2, ? FROM json_each(?) WHERE value ->> 2 IS NOT NULL
         ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since",
    )
    .bind(fulfilment.at)
    .bind(&errands)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whose sums are to be taken anew.
async fn locations_of(tx: &mut Write, fulfilment: &Fulfilment) -> Result<Vec<LocationId>> {
    let locations: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT location FROM assets WHERE id IN (SELECT value FROM json_each(?)) ORDER BY location",
    )
    .bind(json(&fulfilment.listed())?)
    .fetch_all(&mut **tx)
    .await?;
    Ok(locations.into_iter().map(LocationId).collect())
}
