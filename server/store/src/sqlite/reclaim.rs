use super::{
    Commit, Sqlite, Write, json,
    membership::{members_changed, owners_changed},
    new_operations, spared,
};
use crate::{
    Result, StoreError,
    cursor::Walk,
    devices::Back,
    locations::Fence,
    numbers::{self, Number},
    operations::{NewOperation, Pair, Turns},
    reclaim::{
        Applied, ByRule, Candidate, DAY, Orphan, Reclaim, Row, Words, decided, push_candidates, push_filters,
        push_orphans, rows as rows_of,
    },
    rows::{
        self,
        reclaim::{
            CandidateRecord, FoundRecord, KEPT, KEPT_ORDER, KeptRecord, ORDER, ORPHAN, ORPHAN_ORDER,
            OrphanRecord, RECLAIM, ReclaimRecord, ReportRecord,
        },
    },
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, DeviceId, LocationId, Page, PageQuery, Serial, UnixMillis,
    groups::GroupKind,
    licenses::Holder,
    reclaim::{
        KeptRow, OrphanKind, OrphanQuery, OrphanRow, ReclaimQuery, ReclaimRow, ReclaimScope, ReportRow,
        RuleKind,
    },
};
use sqlx::{AssertSqlSafe, QueryBuilder};

type Sql = QueryBuilder<sqlx::Sqlite>;

const WORDS: Words = Words {
    join: "CROSS JOIN",
    by_seen: "INDEXED BY devices_by_seen",
    by_holder: "INDEXED BY licenses_by_holder",
};

/// Rows of [`Row`], taken apart.
const ROWS: &str =
    "SELECT value ->> 0 AS asset, value ->> 1 AS holder, value ->> 2 AS kind, value ->> 3 AS rule,
    value ->> 4 AS fact_at FROM json_each(?1)";

/// Asks for what is decided at a location to be decided again; later than what was asked for before, which may be at work.
pub(super) const ASK: &str = "reclaim_at = max(?1, coalesce(reclaim_at, 0) + 1)";

#[async_trait]
impl Reclaim for Sqlite {
    async fn candidates(
        &self,
        rule: Applied,
        location: Option<&LocationId>,
        limit: u32,
    ) -> Result<Vec<Candidate>> {
        let mut sql = Sql::new("");
        push_candidates(&mut sql, &WORDS, rule, location);
        sql.push(" ORDER BY x.asset, x.holder LIMIT ").push_bind(limit);
        let records: Vec<CandidateRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        Ok(records.into_iter().map(|record| record.of(rule.rule)).collect())
    }

    async fn find_orphans(&self, location: &LocationId, limit: u32) -> Result<Vec<Orphan>> {
        let mut tx = self.read().await?;
        let mut orphans = Vec::new();
        for why in OrphanKind::ALL {
            let mut sql = Sql::new("");
            push_orphans(&mut sql, WORDS.join, why, location);
            sql.push(" LIMIT ").push_bind(limit);
            let records: Vec<FoundRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
            orphans.extend(records.into_iter().map(|record| record.of(why)));
        }
        Ok(orphans)
    }

    async fn reclaim_due(&self, location: &LocationId, since: UnixMillis) -> Result<Option<UnixMillis>> {
        Ok(sqlx::query_scalar(
            "SELECT coalesce(reclaim_at, 0) FROM locations
             WHERE id = ? AND (reclaim_at IS NOT NULL OR reclaimed_at < ?)",
        )
        .bind(location.as_str())
        .bind(since)
        .fetch_optional(&self.readers)
        .await?)
    }

    async fn reclaim_soon(&self, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Fast).await?;
        let ask = format!("UPDATE locations SET {ASK} WHERE synced_at IS NOT NULL");
        sqlx::query(AssertSqlSafe(ask))
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn write_reclaims(
        &self,
        fence: &Fence,
        found: &[Candidate],
        orphans: &[Orphan],
        asked: UnixMillis,
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        let found = json(&rows_of(found))?;
        let report = format!(
            "INSERT INTO reclaim_days (day, rule, proposed)
             SELECT ?2, j.rule, count(*) FROM ({ROWS}) j WHERE NOT EXISTS (SELECT 1 FROM reclaims r
                 WHERE r.asset = j.asset AND r.holder = j.holder AND r.kind = j.kind)
             GROUP BY j.rule
             ON CONFLICT (day, rule) DO UPDATE SET proposed = reclaim_days.proposed + excluded.proposed"
        );
        sqlx::query(AssertSqlSafe(report))
            .bind(&found)
            .bind(now.div_euclid(DAY))
            .execute(&mut *tx)
            .await?;
        let leave = format!(
            "DELETE FROM reclaims WHERE asset IN (SELECT id FROM assets WHERE location = ?2)
                 AND (asset, holder, kind) NOT IN (SELECT j.asset, j.holder, j.kind FROM ({ROWS}) j)"
        );
        sqlx::query(AssertSqlSafe(leave))
            .bind(&found)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        let join = format!(
            "INSERT INTO reclaims (asset, holder, kind, rule, fact_at, queued_at)
             SELECT j.asset, j.holder, j.kind, j.rule, j.fact_at, ?2 FROM ({ROWS}) j WHERE true
             ON CONFLICT (asset, holder, kind) DO UPDATE SET rule = excluded.rule, fact_at = excluded.fact_at
             WHERE (rule, fact_at) IS NOT (excluded.rule, excluded.fact_at)"
        );
        sqlx::query(AssertSqlSafe(join))
            .bind(&found)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        write_orphans(&mut tx, fence, orphans, now).await?;
        sqlx::query(
            "DELETE FROM reclaimed WHERE asset IN (SELECT id FROM assets WHERE location = ?) AND EXISTS (
                 SELECT 1 FROM licenses x WHERE x.asset = reclaimed.asset AND x.holder = reclaimed.holder
                     AND x.kind = reclaimed.kind AND x.state = 2)",
        )
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET reclaim_at = CASE WHEN reclaim_at > ? THEN reclaim_at END, reclaimed_at = ?
             WHERE id = ?",
        )
        .bind(asked)
        .bind(now)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn reclaim_list(&self, query: &ReclaimQuery) -> Result<Page<ReclaimRow>> {
        let walk = Walk::new(&query.page, ORDER)?;
        let mut tx = self.read().await?;
        let mut sql = Sql::new(format!("SELECT {RECLAIM}"));
        push_queue(&mut sql, query);
        walk.push_from(&mut sql, "a.sort_name, a.id, x.holder, x.kind");
        walk.push_order(&mut sql, &["a.sort_name", "a.id", "x.holder", "x.kind"]);
        let records: Vec<ReclaimRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = Sql::new("SELECT count(*)");
                push_queue(&mut sql, query);
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, ReclaimRecord::key))
    }

    async fn reclaims_of(&self, scope: &ReclaimScope, limit: u32) -> Result<Vec<(Pair, RuleKind)>> {
        let mut sql = Sql::new("SELECT x.asset, x.holder, x.kind, r.rule");
        match scope {
            ReclaimScope::Matching(query) => push_queue(&mut sql, query),
            ReclaimScope::Licenses(licenses) => {
                push_queue(&mut sql, &ReclaimQuery::default());
                let pairs: Vec<_> = licenses
                    .iter()
                    .map(|(asset, holder)| (asset.0, holder.id(), numbers::kind(holder)))
                    .collect();
                sql.push(
                    " AND (r.asset, r.holder, r.kind) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(",
                )
                .push_bind(json(&pairs)?)
                .push("))");
            }
        }
        sql.push(" ORDER BY x.asset, x.holder, x.kind LIMIT ")
            .push_bind(limit);
        let records: Vec<(i64, String, i64, i64)> = sql.build_query_as().fetch_all(&self.readers).await?;
        records
            .into_iter()
            .map(|(asset, holder, kind, rule)| {
                Ok((
                    (AssetId(asset), numbers::holder(kind, holder)),
                    rows::number(rule)?,
                ))
            })
            .collect()
    }

    async fn reclaim(
        &self,
        by_rule: Option<ByRule<'_>>,
        operations: &[NewOperation],
        taken: &[(Pair, RuleKind)],
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = match by_rule {
            Some(ByRule { fence, .. }) => self.write_fenced(fence, Commit::Durable).await?,
            None => self.write(Commit::Durable).await?,
        };
        if let Some(ByRule { rules, .. }) = by_rule {
            still_says(&mut tx, rules).await?;
        }
        let rows = decided(taken);
        nothing_kept(&mut tx, &rows).await?;
        let mut licenses = 0;
        for operation in operations {
            licenses += new_operations::insert(&mut tx, operation, Turns::ByHolder).await?;
        }
        if licenses == 0 && !operations.is_empty() {
            return Err(StoreError::Taken(Code::PlanLapsed));
        }
        let sql = format!(
            "INSERT INTO reclaimed (asset, holder, kind, rule, at)
             SELECT j.asset, j.holder, j.kind, j.rule, ?2 FROM ({ROWS}) j WHERE true
             ON CONFLICT (asset, holder, kind) DO UPDATE SET rule = excluded.rule, at = excluded.at"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(json(&rows)?)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        leave_queue(&mut tx, &rows, "taken", now).await?;
        tx.commit().await
    }

    async fn keep_licenses(
        &self,
        kept: &[(Pair, RuleKind)],
        by: &str,
        reason: &str,
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let rows = decided(kept);
        let sql = format!(
            "INSERT INTO reclaim_kept (asset, holder, kind, kept_by, kept_at, reason)
             SELECT j.asset, j.holder, j.kind, ?2, ?3, ?4 FROM ({ROWS}) j WHERE true ON CONFLICT DO NOTHING"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(json(&rows)?)
            .bind(by)
            .bind(now)
            .bind(reason)
            .execute(&mut *tx)
            .await?;
        leave_queue(&mut tx, &rows, "kept", now).await?;
        tx.commit().await
    }

    async fn keep_devices(&self, serials: &[Serial], by: &str, reason: &str, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let serials = json(serials)?;
        sqlx::query(
            "INSERT INTO reclaim_kept (asset, holder, kind, kept_by, kept_at, reason)
             SELECT 0, value, 0, ?, ?, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
        )
        .bind(by)
        .bind(now)
        .bind(reason)
        .bind(&serials)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM reclaims WHERE kind = 0 AND holder IN (SELECT value FROM json_each(?))")
            .bind(&serials)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn keep_no_longer(&self, asset: Option<AssetId>, holder: &Holder) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("DELETE FROM reclaim_kept WHERE asset = ? AND holder = ? AND kind = ?")
            .bind(asset.map_or(0, |asset| asset.0))
            .bind(holder.id())
            .bind(numbers::kind(holder))
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn kept_list(&self, page: &PageQuery) -> Result<Page<KeptRow>> {
        let walk = Walk::new(page, KEPT_ORDER)?;
        let mut tx = self.read().await?;
        let mut sql = Sql::new(format!(
            "SELECT {KEPT} FROM reclaim_kept k LEFT JOIN assets a ON a.id = k.asset
             LEFT JOIN devices d ON d.serial = k.holder AND k.kind = 0 WHERE 1 = 1"
        ));
        walk.push_from(&mut sql, "k.holder, k.kind, k.asset");
        walk.push_order(&mut sql, &["k.holder", "k.kind", "k.asset"]);
        let records: Vec<KeptRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => Some(
                sqlx::query_scalar("SELECT count(*) FROM reclaim_kept")
                    .fetch_one(&mut *tx)
                    .await?,
            ),
        };
        rows::page(walk.page(records, total, KeptRecord::key))
    }

    async fn reclaim_report(&self, since: UnixMillis) -> Result<Vec<ReportRow>> {
        let records: Vec<ReportRecord> = sqlx::query_as(
            "SELECT day, rule, proposed, taken, kept FROM reclaim_days WHERE day >= ? ORDER BY day DESC, rule",
        )
        .bind(since.div_euclid(DAY))
        .fetch_all(&self.readers)
        .await?;
        rows::all(records)
    }

    async fn orphan_list(&self, query: &OrphanQuery) -> Result<Page<OrphanRow>> {
        let walk = Walk::new(&query.page, ORPHAN_ORDER)?;
        let mut tx = self.read().await?;
        let mut sql = Sql::new(format!("SELECT {ORPHAN}"));
        push_found(&mut sql, query);
        walk.push_from(&mut sql, "a.sort_name, a.id, x.holder, x.kind, r.why");
        walk.push_order(&mut sql, &["a.sort_name", "a.id", "x.holder", "x.kind", "r.why"]);
        let records: Vec<OrphanRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = Sql::new("SELECT count(*)");
                push_found(&mut sql, query);
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, OrphanRecord::key))
    }

    async fn note_seen(&self, device: &DeviceId, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Fast).await?;
        let back = Back {
            device: device.clone(),
            seen: Some(now),
        };
        spared::spare(&mut tx, &[back], now).await?;
        sqlx::query("UPDATE devices SET seen_at = ? WHERE id = ?")
            .bind(now)
            .bind(device.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn set_left(&self, device: &DeviceId, left_at: Option<UnixMillis>, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        if left_at.is_none() {
            let back = Back {
                device: device.clone(),
                seen: None,
            };
            spared::spare(&mut tx, &[back], now).await?;
        }
        let owner: Option<String> =
            sqlx::query_scalar("UPDATE devices SET left_at = ? WHERE id = ? RETURNING user_name_key")
                .bind(left_at)
                .bind(device.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        let owner = owner.ok_or(StoreError::NotFound)?;
        members_changed(&mut tx, GroupKind::Devices, &[device.as_str()], now).await?;
        owners_changed(&mut tx, &[owner], now).await?;
        tx.commit().await
    }

    async fn note_installed(&self, serial: &Serial, installed: &[AssetId], now: UnixMillis) -> Result<()> {
        let installed: Vec<i64> = installed.iter().map(|asset| asset.0).collect();
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "DELETE FROM absent_apps WHERE holder = ?1 AND asset NOT IN (SELECT x.asset FROM licenses x
                 WHERE x.holder = ?1 AND x.kind = 0 AND x.state = 2 AND x.asset NOT IN (SELECT value FROM json_each(?2)))",
        )
        .bind(serial.as_str())
        .bind(json(&installed)?)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO absent_apps (asset, holder, since)
             SELECT x.asset, x.holder, ?3 FROM licenses x
             WHERE x.holder = ?1 AND x.kind = 0 AND x.state = 2 AND x.asset NOT IN (SELECT value FROM json_each(?2))
             ON CONFLICT DO NOTHING",
        )
        .bind(serial.as_str())
        .bind(json(&installed)?)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

/// ` FROM … WHERE …`: the queue `r` with licences `x` and assets `a`.
fn push_queue(sql: &mut Sql, query: &ReclaimQuery) {
    sql.push(
        " FROM reclaims r CROSS JOIN licenses x ON x.asset = r.asset AND x.holder = r.holder AND x.kind = r.kind
          CROSS JOIN assets a ON a.id = x.asset CROSS JOIN locations l ON l.id = a.location
          LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0 WHERE x.state = 2 AND a.stage = 1",
    );
    if let Some(why) = query.why {
        sql.push(" AND r.rule = ").push_bind(why.number());
    }
    push_filters(sql, &query.holder, query.location.as_ref());
}

/// The same of orphans.
fn push_found(sql: &mut Sql, query: &OrphanQuery) {
    sql.push(
        " FROM orphans r CROSS JOIN licenses x ON x.asset = r.asset AND x.holder = r.holder AND x.kind = r.kind
          CROSS JOIN assets a ON a.id = x.asset CROSS JOIN locations l ON l.id = a.location
          LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0 WHERE x.state = 2 AND a.stage = 1",
    );
    if let Some(why) = query.why {
        sql.push(" AND r.why = ").push_bind(why.number());
    }
    push_filters(sql, &query.holder, query.location.as_ref());
}

async fn write_orphans(tx: &mut Write, fence: &Fence, orphans: &[Orphan], now: UnixMillis) -> Result<()> {
    let rows: Vec<_> = orphans
        .iter()
        .map(|orphan| {
            let (asset, holder) = &orphan.pair;
            (asset.0, holder.id(), numbers::kind(holder), orphan.why.number())
        })
        .collect();
    let rows = json(&rows)?;
    let found = "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)";
    let gone = format!(
        "DELETE FROM orphans WHERE asset IN (SELECT id FROM assets WHERE location = ?2)
             AND (asset, holder, kind, why) NOT IN ({found})"
    );
    sqlx::query(AssertSqlSafe(gone))
        .bind(&rows)
        .bind(fence.location.as_str())
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO orphans (asset, holder, kind, why, found_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 FROM json_each(?1) WHERE true
         ON CONFLICT DO NOTHING",
    )
    .bind(&rows)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// That nobody changed the setting since it was read.
async fn still_says(tx: &mut Write, (name, said): (&str, Option<&str>)) -> Result<()> {
    let says: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE name = ?")
        .bind(name)
        .fetch_optional(&mut **tx)
        .await?;
    match says.as_deref() == said {
        true => Ok(()),
        false => Err(StoreError::Taken(Code::PlanLapsed)),
    }
}

/// Nobody has asked since for any of these to be left alone.
async fn nothing_kept(tx: &mut Write, rows: &[Row<'_>]) -> Result<()> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM ({ROWS}) j JOIN reclaim_kept k
             ON k.holder = j.holder AND k.kind = j.kind AND k.asset IN (0, j.asset))"
    );
    let kept: bool = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(json(rows)?)
        .fetch_one(&mut **tx)
        .await?;
    match kept {
        true => Err(StoreError::Taken(Code::PlanLapsed)),
        false => Ok(()),
    }
}

/// What was decided leaves the queue, all of it, and the report counts it in `column`.
async fn leave_queue(tx: &mut Write, rows: &[Row<'_>], column: &str, now: UnixMillis) -> Result<()> {
    let queued = json(rows)?;
    let report = format!(
        "INSERT INTO reclaim_days (day, rule, {column})
         SELECT ?2, j.rule, count(*) FROM ({ROWS}) j GROUP BY j.rule
         ON CONFLICT (day, rule) DO UPDATE SET {column} = reclaim_days.{column} + excluded.{column}"
    );
    sqlx::query(AssertSqlSafe(report))
        .bind(&queued)
        .bind(now.div_euclid(DAY))
        .execute(&mut **tx)
        .await?;
    let leave = format!(
        "DELETE FROM reclaims WHERE (asset, holder, kind) IN (SELECT j.asset, j.holder, j.kind FROM ({ROWS}) j)"
    );
    let left = sqlx::query(AssertSqlSafe(leave))
        .bind(&queued)
        .execute(&mut **tx)
        .await?;
    match left.rows_affected() == rows.len() as u64 {
        true => Ok(()),
        false => Err(StoreError::Taken(Code::PlanLapsed)),
    }
}
